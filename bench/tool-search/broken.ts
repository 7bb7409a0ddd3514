import { createToolIndex } from "../../src/tools/search/tool-index.ts";
import type { SearchableTool } from "../../src/tools/search/tool-text.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import type { Corpus, PoolTool } from "./corpus.ts";
import { shownResults } from "./quality.ts";

const cycle = { $ref: "#/$defs/node" };

/** Ways in which servers get their definitions wrong, done to a good one. */
const damages: Readonly<Record<string, (tool: PoolTool) => SearchableTool>> = {
  "as published": (tool) => tool,
  "types that are none": (tool) => ({ ...tool, inputSchema: { type: "Optional[dict]" } }),
  "schema null": (tool) => ({ ...tool, inputSchema: null }),
  "arguments in a list": (tool) => ({
    ...tool,
    inputSchema: { type: "object", properties: [{ name: "a", type: "str" }] },
  }),
  "references in a circle": (tool) => ({
    ...tool,
    inputSchema: { properties: { a: cycle }, $defs: { node: { properties: { next: cycle } } } },
  }),
  "description a number": (tool) => ({ ...tool, description: 7 }),
  "description of a megabyte": (tool) => ({
    ...tool,
    description: `${tool.description} ${"and so on ".repeat(100_000)}`,
  }),
};

/** Each damage is done to every tenth tool of the pool; then these are searched for by name. */
export function brokenTable({ pool }: Corpus): FindingsTable {
  const rows = Object.entries(damages).map(([name, damage]) => {
    const index = createToolIndex();
    const isBroken = (_tool: PoolTool, place: number): boolean => place % 10 === 0;
    const began = performance.now();
    const notices = index.update(
      "pool",
      pool.map((tool, place) => (isBroken(tool, place) ? damage(tool) : tool)),
    );
    const buildMs = performance.now() - began;
    const broken = pool.filter(isBroken);
    const found = broken.filter((tool) =>
      index.search({ query: tool.name, limit: shownResults }).some((hit) => hit.name === tool.name),
    );
    return {
      name,
      figures: {
        tools: broken.length,
        found: (found.length / broken.length) * 100,
        notices: notices.length,
        buildMs,
      },
    };
  });
  return {
    title: "Broken definitions",
    of: "what is wrong with one tool in ten",
    columns: columnsOf({
      tools: "broken tools",
      found: "found by name, %",
      notices: "notices",
      buildMs: "index of all, ms",
    }),
    rows,
  };
}
