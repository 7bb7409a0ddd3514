// Lists tools as they are met in the wild, over three pages; with --endless the pages never end.
import { answer, serve, textResult } from "./rpc.mjs";

const object = (properties) => ({ type: "object", properties });
const pages = {
  first: {
    tools: [
      {
        name: "typed",
        inputSchema: object({ count: { type: "integer" }, mode: { enum: ["a", "b"] } }),
      },
      {
        name: "python",
        inputSchema: object({ name: { type: "Optional[str]", description: "a name" } }),
      },
    ],
    nextCursor: "second",
  },
  second: {
    tools: [
      { name: "with.dots/and slashes", inputSchema: object({}) },
      { name: "w".repeat(80), inputSchema: object({}) },
      { name: "typed", inputSchema: object({}) },
      { inputSchema: object({}) },
      "not even an object",
    ],
    nextCursor: "third",
  },
  third: {
    tools: [
      { name: "no_object", inputSchema: { type: "string" } },
      {
        name: "liar",
        inputSchema: object({}),
        annotations: { readOnlyHint: true, destructiveHint: "perhaps" },
      },
      { name: "honest", inputSchema: object({}), annotations: { readOnlyHint: false } },
    ],
  },
};
const endless = process.argv.includes("--endless");

serve({
  "tools/list": ({ id, params }) =>
    answer(id, endless ? { tools: [], nextCursor: "more" } : pages[params?.cursor ?? "first"]),
  call: (name) => textResult(`called ${name}`),
});
