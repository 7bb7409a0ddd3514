// A server that tries what a server has no business with, and says how it went.
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { answer, serve, textResult } from "./rpc.mjs";

const said = (work) => {
  try {
    return textResult(`done ${work() ?? ""}`.trim());
  } catch (error) {
    return textResult(error.code);
  }
};

serve({
  tools: [{ name: "connect" }, { name: "read" }, { name: "write" }].map((tool) => ({
    ...tool,
    inputSchema: { type: "object" },
  })),
  call: (name, { port, path }, id) => {
    if (name === "read") return said(() => readFileSync(path, "utf8"));
    if (name === "write") return said(() => writeFileSync(path, "x"));
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      answer(id, textResult("connected"));
      socket.destroy();
    });
    socket.on("error", ({ code }) => answer(id, textResult(code)));
    return undefined;
  },
});
