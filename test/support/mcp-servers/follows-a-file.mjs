// Lists the tools that stand in a file, and says when it was told to that they have changed.
import { readFileSync, writeFileSync } from "node:fs";
import { answer, serve, textResult, writeLine } from "./rpc.mjs";

const [, , file] = process.argv;

serve({
  initialize: ({ id, params }) =>
    answer(id, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "follows-a-file", version: "1.0.0" },
    }),
  "tools/list": ({ id }) => answer(id, { tools: JSON.parse(readFileSync(file, "utf8")) }),
  call: (name, args) => {
    if (args.offers !== undefined) writeFileSync(file, JSON.stringify(args.offers));
    if (args.changed === true) {
      writeLine(JSON.stringify({ jsonrpc: "2.0", method: "notifications/tools/list_changed" }));
    }
    return textResult(`${name} ran`);
  },
});
