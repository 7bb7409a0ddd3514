// One server, one tool for each way in which a call can go wrong. With --stubborn it ignores SIGTERM.
import { answer, answerError, serve, textResult, writeLine } from "./rpc.mjs";

if (process.argv.includes("--stubborn")) {
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
}

const behaviours = {
  fine: (_id, args) => textResult(`pid ${process.pid} got ${JSON.stringify(args)}`),
  hang: () => undefined,
  exit: () => {
    process.stderr.write("out of memory\n");
    process.exit(7);
  },
  exit_after_answer: (id) => {
    process.stdout.write(
      `${JSON.stringify({ jsonrpc: "2.0", id, result: textResult("last words") })}\n`,
      () => process.exit(0),
    );
  },
  giant: () => textResult("x".repeat(17 * 1024 * 1024)),
  wrong_result: (id) => answer(id, { content: 5 }),
  no_version: (id) => writeLine(JSON.stringify({ id, result: textResult("no jsonrpc member") })),
  half_json: (id) => writeLine(`{"jsonrpc":"2.0","id":${id},"result":{`),
  internal_error: (id) => answerError(id, -32603, "the database is down"),
  params_error: (id) => answerError(id, -32602, "no such table"),
  structured: () => ({ content: [], structuredContent: { rows: 2 } }),
  blocks: () => ({
    content: [
      { type: "text", text: "first" },
      { type: "image", data: Buffer.alloc(12_000).toString("base64"), mimeType: "image/png" },
      { type: "audio", data: Buffer.alloc(10).toString("base64"), mimeType: "audio/wav" },
      { type: "resource_link", uri: "file:///a.txt", name: "a" },
      {
        type: "resource",
        resource: { uri: "file:///b.txt", mimeType: "text/plain", text: "inside" },
      },
      {
        type: "resource",
        resource: { uri: "file:///c.bin", blob: Buffer.alloc(4_000).toString("base64") },
      },
    ],
  }),
  key: () => undefined,
};

serve({
  tools: Object.keys(behaviours).map((name) => ({ name })),
  "tools/call": ({ id, params }) => {
    if (params.name === "key") {
      answer(id, textResult(String(params["_meta"]?.["agent33/idempotencyKey"])));
      return;
    }
    const result = behaviours[params.name]?.(id, params.arguments);
    if (result?.content !== undefined) answer(id, result);
  },
  "notifications/cancelled": ({ params }) =>
    process.stderr.write(`cancelled request ${params.requestId}\n`),
});
