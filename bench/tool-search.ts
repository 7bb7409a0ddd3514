import type { Survey } from "./benchmark.ts";
import type { FindingsTable, Goal } from "./results.ts";
import { brokenTable } from "./tool-search/broken.ts";
import { readCorpus } from "./tool-search/corpus.ts";
import { findingTable, variantTable } from "./tool-search/quality.ts";
import { speedTable } from "./tool-search/speed.ts";
import { tokensTable } from "./tool-search/tokens.ts";

const sizes = { full: [819, 2_000, 10_000], quick: [200] } as const;

/** How well and how fast find_tools finds, and what it saves. */
export const toolSearchSurvey: Survey = {
  run: async ({ rounds, quick, progress }) => {
    const corpus = readCorpus(process.env["AGENT33_BENCH_DATA"]);
    const { pool, queries } = corpus;
    progress("finding");
    const finding = findingTable(corpus);
    const tokens = await tokensTable(corpus);
    const speed = speedTable(corpus, { sizes: sizes[quick ? "quick" : "full"], rounds, progress });
    const largest = speed.rows.at(-1)?.name ?? "";
    return {
      facts: [
        `${pool.length} tool definitions of LiveMCPBench, GitHub's and other MCP servers, AgentDojo and ToolEmu.`,
        `Prompts: ${queries.length} benign tasks of AgentDojo, whole, with the tools that their solution calls. Names: each tool's name as query, held against everything but names.`,
        "Development set: parameters were chosen on every other prompt of it.",
      ],
      tables: [finding, variantTable(corpus), tokens, brokenTable(corpus), speed],
      goals: [
        {
          what: "find_tools: points of recall@5 above substring match, prompts",
          better: "more",
          goal: 20,
          reached:
            figure(finding, "find_tools", "recall") - figure(finding, "substring match", "recall"),
        },
        goal(tokens, "find_tools and 5 tools, median", "share", "% of all tokens", "less", 5),
        goal(speed, largest, "build", "CPU ms to build", "less", 2_000),
        goal(speed, largest, "wordsCpu", "CPU ms a query of a few words", "less", 5),
      ],
      notes: [
        "Recall counts only the tools that the solution calls. The pool has others that would do as well (it sends messages and reads files in several ways), and these count as misses.",
        "Substring match: tools with the most of the query's words (of three letters or more) in name and description.",
        "Tokens are counted as o200k_base does.",
      ],
    };
  },
};

function figure(table: FindingsTable, row: string, key: string): number {
  const found = table.rows.find(({ name }) => name === row)?.figures[key];
  if (found === undefined) throw new RangeError(`No figure ${key} of "${row}".`);
  return found;
}

function goal(
  table: FindingsTable,
  row: string,
  key: string,
  what: string,
  better: Goal["better"],
  bar: number,
): Goal {
  return { what: `${row}: ${what}`, better, goal: bar, reached: figure(table, row, key) };
}
