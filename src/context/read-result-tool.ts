import { z } from "zod";
import { fromOutside, insideOf } from "../base/outside.ts";
import type { StoredEvent } from "../events/event.ts";
import { defineTool } from "../tools/define.ts";
import type { ResultRange, Tool, ToolOutput } from "../tools/tool.ts";
import { agentOf } from "./carried.ts";
import { readResultName } from "./shown-result.ts";

const mostCharacters = 20_000;
const usualCharacters = 8_000;

const input = z.object({
  result: z
    .string()
    .regex(/^\d{1,6}\.\d{1,4}$/, 'as it is named there, for example "7.0"')
    .describe('Which result, as its place says, for example "7.0".'),
  from: z.int().min(0).default(0).describe("The first character that is wanted."),
  characters: z
    .int()
    .min(1)
    .max(mostCharacters)
    .default(usualCharacters)
    .describe("How many characters."),
});

/** The built-in tool that reads a result again of which the conversation shows less. */
export function createReadResultTool(): Tool {
  return defineTool({
    name: readResultName,
    description:
      "Reads a part of an earlier tool result that is not shown any more, or not as a whole. All results are kept.",
    input,
    effect: "read",
    repeat: "safe",
    source: "tool:context",
    run: async ({ result, from, characters }) => {
      const [turn = 0, index = 0] = result.split(".").map(Number);
      return { content: "", isError: false, reads: { turn, index, from, characters } };
    },
  });
}

/** The part of a result in an agent's log that a model asked for. */
export function readResult(
  events: readonly StoredEvent[],
  agentPath: string | undefined,
  { turn, index, from, characters }: ResultRange,
): ToolOutput {
  const found = events.findLast(
    (event) =>
      event.type === "tool.completed" &&
      event.turn === turn &&
      event.index === index &&
      agentOf(event) === agentPath,
  );
  if (found?.type !== "tool.completed") {
    return {
      content: `There is no result "${turn}.${index}" in this conversation.`,
      isError: true,
    };
  }
  const inside = insideOf(found.content);
  const total = inside.length;
  if (from >= total) {
    return { content: `The result has ${total} characters; none from ${from} on.`, isError: true };
  }
  const part = inside.slice(from, from + characters);
  const end = from + part.length;
  const head = `Characters ${from} to ${end} of ${total} of result ${turn}.${index} (${found.toolName})`;
  const content = inside === found.content ? `${head}:\n${part}` : fromOutside([`${head}.`], part);
  return { content, isError: false };
}
