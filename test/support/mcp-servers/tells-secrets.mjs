// Tells what it was given to keep, in results, errors, its own words and its standard error: with
// SPOKEN, a file with texts, and whatever stands in its environment.
import { readFileSync } from "node:fs";
import { answer, answerError, serve, textResult, writeLine } from "./rpc.mjs";

const spoken = () => JSON.parse(readFileSync(process.argv[2], "utf8"));
const own = () => JSON.stringify(process.env);
process.stderr.write(`started with ${own()}\n${spoken().join("\n")}\n`);

const results = {
  tell: () => textResult([...spoken(), own()].join("\n")),
  fail: () => ({ ...textResult([...spoken(), own()].join("\n")), isError: true }),
  structure: () => ({
    ...textResult("see the structure"),
    structuredContent: Object.fromEntries(spoken().map((text, at) => [`${at} ${text}`, [text]])),
  }),
};

serve({
  tools: [
    { name: "tell", description: "Tells." },
    { name: "fail", description: "Fails." },
    { name: "structure", description: "Gives a structure." },
    { name: "break", description: `Breaks. ${spoken().join(" ")}` },
    { name: "repeat", description: "Repeats.", inputSchema: { type: "object" } },
  ],
  initialize: ({ id, params }) =>
    answer(id, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {}, logging: {} },
      serverInfo: { name: "tells-secrets", version: "1" },
      instructions: spoken().join("\n"),
    }),
  call: (name, given, id) => {
    writeLine(
      JSON.stringify({
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level: "error", data: spoken().join("\n") },
      }),
    );
    if (name === "repeat") return textResult(JSON.stringify(given));
    const result = results[name];
    if (result !== undefined) return result();
    answerError(id, -32603, `broken: ${spoken().join(" ")}`, { spoken: spoken() });
    return undefined;
  },
});
