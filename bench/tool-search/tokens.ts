import type { ModelRequest, ToolSpec } from "../../src/models/model.ts";
import { loadTokenCounter } from "../../src/models/tokens.ts";
import { createFindTools } from "../../src/tools/search/find-tools.ts";
import { createToolIndex } from "../../src/tools/search/tool-index.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import { median } from "../statistics.ts";
import type { Corpus, PoolTool } from "./corpus.ts";
import { searchOf, shownResults } from "./quality.ts";

/** What a turn sends for its tools: all of them, or the search and what one search finds. */
export async function tokensTable({ pool, queries }: Corpus): Promise<FindingsTable> {
  const counter = await loadTokenCounter();
  const count = (tools: readonly ToolSpec[]): number => counter.request({ ...nothingElse, tools });
  const index = createToolIndex();
  index.update("pool", pool);
  const sources = [{ name: "mcp:pool", tools: pool.length }];
  const findTools = createFindTools({ index, sources, offered: () => undefined });
  const specs = new Map(pool.map((tool) => [tool.name, specOf(tool)]));
  const search = searchOf(pool);
  const all = count([...specs.values()]);
  const found = queries.map(({ text }) => {
    const names = search(text).slice(0, shownResults);
    return count([findTools, ...names.flatMap((name) => specs.get(name) ?? [])]);
  });
  const after = median(found);
  return {
    title: "Tokens that a turn sends for its tools",
    of: "what is shown",
    columns: columnsOf({ tokens: "tokens", share: "% of all" }),
    rows: [
      { name: `all ${pool.length} tools`, figures: { tokens: all, share: 100 } },
      row("find_tools alone", count([findTools]), all),
      row(`find_tools and ${shownResults} tools, median`, after, all),
      row(`find_tools and ${shownResults} tools, most`, Math.max(...found), all),
      { name: "one tool, mean", figures: { tokens: all / pool.length } },
    ],
  };
}

const nothingElse = { system: "", messages: [], maxOutputTokens: 0 } satisfies Omit<
  ModelRequest,
  "tools"
>;

function row(name: string, tokens: number, all: number): FindingsTable["rows"][number] {
  return { name, figures: { tokens, share: (tokens / all) * 100 } };
}

function specOf({ name, description, inputSchema }: PoolTool): ToolSpec {
  return { name, description, inputSchema: inputSchema as ToolSpec["inputSchema"] };
}
