import { Agent33Error } from "../../src/base/errors.ts";
import { createToolIndex } from "../../src/tools/search/tool-index.ts";
import type { Progress } from "../benchmark.ts";
import { collectGarbage } from "../harness.ts";
import { type Cost, costOf } from "../cost.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import { median, percentile } from "../statistics.ts";
import type { Corpus, PoolTool } from "./corpus.ts";
import { shownResults } from "./quality.ts";

export interface SpeedOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly progress: Progress;
}

const toolsOfServer = 50;
const megabyte = 1_048_576;

/** Indexing, a server's changed list, and queries, at several numbers of tools. */
export function speedTable(corpus: Corpus, options: SpeedOptions): FindingsTable {
  const { sizes, rounds, progress } = options;
  const rows = sizes.map((size) => {
    progress(`${size} tools`);
    const servers = serversOf(corpus.pool, size);
    const readings = Array.from({ length: rounds }, () => reading(servers, corpus));
    const prompts = readings.flatMap((each) => each.prompts);
    const words = readings.flatMap((each) => each.words);
    return {
      name: `${size} tools`,
      figures: {
        build: median(readings.map((each) => each.build.cpuMs)),
        change: median(readings.map((each) => each.change.cpuMs)),
        ...costs("prompt", prompts),
        ...costs("words", words),
        heapMb: median(readings.map((each) => each.heapMb)),
      },
    };
  });
  return {
    title: "Time and memory",
    of: "index",
    columns: columnsOf({
      build: "built, CPU ms",
      change: `a server of ${toolsOfServer} changed, CPU ms`,
      promptCpu: "prompt: CPU ms",
      promptP50: "wall ms p50",
      promptP99: "p99",
      wordsCpu: "a few words: CPU ms",
      wordsP50: "wall ms p50",
      wordsP99: "p99",
      heapMb: "heap MB",
    }),
    rows,
  };
}

/** Mean of the CPU time, which a busy machine changes less, and percentiles of what was waited. */
function costs(of: string, all: readonly Cost[]): Readonly<Record<string, number>> {
  const wall = all.map(({ wallMs }) => wallMs);
  return {
    [`${of}Cpu`]: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / all.length,
    [`${of}P50`]: percentile(wall, 0.5),
    [`${of}P99`]: percentile(wall, 0.99),
  };
}

type Servers = ReadonlyMap<string, readonly PoolTool[]>;

function reading(servers: Servers, { pool, queries }: Corpus) {
  collectGarbage("major");
  const heapBefore = process.memoryUsage().heapUsed;
  const index = createToolIndex();
  const build = costOf(() => {
    for (const [server, tools] of servers) index.update(server, tools);
  });
  collectGarbage("major");
  const heapMb = (process.memoryUsage().heapUsed - heapBefore) / megabyte;
  const search = (query: string): Cost =>
    costOf(() => {
      const hits = index.search({ query, limit: shownResults });
      if (hits.length === 0) throw unfair(query);
    });
  const prompts = queries.map(({ text }) => search(text));
  const words = pool
    .filter((_tool, place) => place % 8 === 0)
    .map((tool) => search(`${tool.name} file data`));
  const [[name, tools] = ["", []]] = servers;
  const changed = tools.map((tool, place) => ({
    ...tool,
    description: place === 0 ? `${tool.description} Since today.` : tool.description,
  }));
  const change = costOf(() => index.update(name, changed));
  return { build, heapMb, prompts, words, change };
}

/** As many tools as asked for: the pool's own, then copies of it that are told apart by a word. */
function serversOf(pool: readonly PoolTool[], size: number): Servers {
  const tools = Array.from({ length: size }, (_, place) => {
    const tool = pool[place % pool.length];
    if (tool === undefined) throw new RangeError("The pool is empty.");
    const copy = Math.floor(place / pool.length);
    if (copy === 0) return tool;
    return {
      ...tool,
      name: `${tool.name}_release${copy}`,
      description: `${tool.description} Release ${copy}.`,
    };
  });
  return Map.groupBy(tools, (_tool, place) => `server${Math.floor(place / toolsOfServer)}`);
}

function unfair(query: string): Agent33Error {
  return new Agent33Error("bench.unfair", `Nothing was found for "${query}".`, {
    hint: "A query that finds nothing takes no time; the figures would mislead.",
  });
}
