import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error } from "../../src/base/errors.ts";

/** A definition as it was published, with a name that no other of the pool has. */
export interface PoolTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: unknown;
}

/** What a person asked for, and the tools that were called to do it. */
export interface Query {
  readonly text: string;
  readonly wanted: ReadonlySet<string>;
}

export interface Corpus {
  readonly pool: readonly PoolTool[];
  readonly queries: readonly Query[];
}

const toolSchema = z.object({
  name: z.string(),
  description: z.string().default(""),
  inputSchema: z.unknown(),
});
const episodeSchema = z.object({
  kind: z.string(),
  tools: z.string(),
  user_prompt: z.string(),
  events: z.array(z.object({ type: z.string(), tool: z.string().optional() })),
});

/**
 * Reads the definitions and the queries. Equal definitions of two sources are one; different ones
 * of one name are told apart by a number.
 * @param folder what `AGENT33_BENCH_DATA` names
 * @throws Agent33Error `bench.no_data` where the folder is not there
 */
export function readCorpus(folder: string | undefined): Corpus {
  if (folder === undefined || !existsSync(join(folder, "tools/mcp_tools.jsonl"))) {
    throw new Agent33Error("bench.no_data", "The tool definitions and queries are not here.", {
      hint: "Set AGENT33_BENCH_DATA to the folder with tools/mcp_tools.jsonl and agentsafety/.",
    });
  }
  const pool = new Map<string, PoolTool>();
  const nameOf = new Map<string, string>();
  const put = (raw: unknown): { readonly own: string; readonly pooled: string } => {
    const tool = toolSchema.parse(raw);
    const content = JSON.stringify([tool.name, tool.description, tool.inputSchema]);
    let pooled = nameOf.get(content);
    if (pooled === undefined) {
      pooled = tool.name;
      for (let number = 2; pool.has(pooled); number += 1) pooled = `${tool.name}_${number}`;
      nameOf.set(content, pooled);
      pool.set(pooled, { ...tool, name: pooled });
    }
    return { own: tool.name, pooled };
  };
  for (const raw of linesOf(join(folder, "tools/mcp_tools.jsonl"))) put(raw);
  const suites = new Map<string, ReadonlyMap<string, string>>();
  const suitesFolder = join(folder, "agentsafety/tools");
  for (const file of readdirSync(suitesFolder).sort()) {
    const list = z.array(z.unknown()).parse(JSON.parse(readText(join(suitesFolder, file))));
    suites.set(file, new Map(list.map(put).map(({ own, pooled }) => [own, pooled])));
  }
  const queries = linesOf(join(folder, "agentsafety/agentdojo.dev.jsonl"))
    .map((raw) => episodeSchema.parse(raw))
    .filter(({ kind }) => kind === "benign")
    .map(({ user_prompt: text, tools, events }): Query => {
      const called = events.filter(({ type }) => type === "call");
      const wanted = called.flatMap(({ tool = "" }) => suites.get(tools)?.get(tool) ?? []);
      return { text, wanted: new Set(wanted) };
    });
  return { pool: [...pool.values()], queries };
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function linesOf(path: string): readonly unknown[] {
  return readText(path)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}
