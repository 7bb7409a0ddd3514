// Behaves as a file of its folder says, and notes there what it got. With --at initialize it is the
// opening of the session that goes wrong, otherwise the calls of tools.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { answer, answerError, serve, textResult, writeLine } from "./rpc.mjs";

const [folder, ...options] = process.argv.slice(2);
const at = options.includes("--at") ? "initialize" : "tools/call";
const note = (...words) => appendFileSync(join(folder, "log"), `${words.join(" ")}\n`);
const ended = (id) => note("ended", process.pid, id);
note("started", process.pid);

/** Writes without end, and ends only with its process. */
function flood() {
  const piece = "[".repeat(64 * 1024);
  const write = () => {
    do note("sent", piece.length);
    while (process.stdout.write(piece));
    process.stdout.once("drain", write);
  };
  write();
}

const faults = {
  failing: (id) => answerError(id, -32603, "down for a moment"),
  refusing: (id) => answerError(id, -32602, "not from you"),
  silent: (id) => note("silent", process.pid, id),
  cut: (id) =>
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{`, () => process.exit(7)),
  malformed: (id) => {
    if (!options.includes("--babbling")) return answer(id, { content: 5, protocolVersion: 5 });
    for (let line = 0; line <= 1_000; line += 1) writeLine("{ this is not JSON-RPC");
  },
  huge: flood,
};

/** A handler that misbehaves where it is told to. */
const told = (method, well) => (message) => {
  if (method !== at) return well(message);
  const { id } = message;
  note("got", process.pid, id);
  const behaviour = readFileSync(join(folder, "behaviour"), "utf8");
  if (behaviour === "well") well(message);
  else faults[behaviour](id);
  if (behaviour !== "silent" && behaviour !== "huge") ended(id);
};

serve({
  tools: [{ name: "echo" }],
  initialize: told("initialize", ({ id, params }) =>
    answer(id, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "does-as-told", version: "1" },
    }),
  ),
  "tools/call": told("tools/call", ({ id, params }) =>
    answer(id, textResult(JSON.stringify(params.arguments))),
  ),
  "notifications/cancelled": ({ params }) => ended(params.requestId),
});
