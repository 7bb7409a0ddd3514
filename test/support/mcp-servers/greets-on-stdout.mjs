import { serve, textResult, writeLine } from "./rpc.mjs";

writeLine("Welcome to the test server!");
writeLine('{"level":"info","msg":"listening"}');
writeLine("");
serve({
  tools: [{ name: "echo", description: "Says it again." }],
  call: (_name, args) => textResult(String(args.text)),
});
