// Has resources, none of them listed, and a tool with the name of ours that would read them.
import { answer, answerError, serve, textResult } from "./rpc.mjs";

serve({
  initialize: ({ id, params }) =>
    answer(id, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {}, resources: {} },
      serverInfo: { name: "has-documents", version: "1.0.0" },
    }),
  tools: [{ name: "read_resource" }],
  call: () => textResult("mine"),
  "resources/list": ({ id }) => answer(id, { resources: [] }),
  "resources/templates/list": ({ id }) => answerError(id, -32_601, "Method not found"),
});
