import { z } from "zod";
import { defineTool } from "../define.ts";
import type { Tool } from "../tool.ts";
import type { ToolIndex } from "./tool-index.ts";

/** The name by which a model searches for tools. */
export const findToolsName = "find_tools";

export interface FindToolsParts {
  readonly index: ToolIndex;
  /** Where the tools come from, in words for the model. */
  readonly sources: readonly { readonly name: string; readonly tools: number }[];
  /** A tool that may be offered now, by a name that the index knows. */
  readonly offered: (name: string) => Tool | undefined;
}

const usualLimit = 5;
const mostSources = 40;

/** The built-in tool that finds tools which the model is not shown, and makes them active. */
export function createFindTools({ index, sources, offered }: FindToolsParts): Tool {
  return defineTool({
    name: findToolsName,
    description: [
      `Finds tools. Besides those that you see there are ${index.size} more, from ${listed(sources)}.`,
      "What it finds is active from your next turn on and stays so.",
      "Search for one job at a time; several searches can stand in one turn.",
    ].join(" "),
    input: z.object({
      query: z
        .string()
        .min(1)
        .max(2_000)
        .describe("What the tool has to do, in a few words: `send a message to a channel`."),
      limit: z.int().min(1).max(20).default(usualLimit).describe("How many tools at most."),
    }),
    effect: "read",
    repeat: "safe",
    source: "tool:search",
    run: async ({ query, limit }) => {
      const found: Tool[] = [];
      index.search({
        query,
        limit,
        accepts: (name) => {
          const tool = offered(name);
          if (tool !== undefined) found.push(tool);
          return tool !== undefined;
        },
      });
      if (found.length === 0) return { content: nothing, isError: false };
      return {
        content: [
          "Active from your next turn on:",
          ...found.map(({ name, description }) => `- ${name}: ${oneLine(description)}`),
        ].join("\n"),
        isError: false,
        activates: found.map(({ name }) => name),
      };
    },
  });
}

const nothing =
  "No tool fits. Its words are looked for in the names, descriptions and arguments of tools: try other words, or fewer.";

function listed(sources: FindToolsParts["sources"]): string {
  const named = sources.slice(0, mostSources).map(({ name, tools }) => `${name} (${tools})`);
  const rest = sources.length - named.length;
  return rest > 0 ? `${named.join(", ")} and ${rest} more sources` : named.join(", ");
}

const longestLine = 200;

function oneLine(description: string): string {
  const line = description
    .slice(0, 4 * longestLine)
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= longestLine ? line : `${line.slice(0, longestLine - 1).trimEnd()}…`;
}
