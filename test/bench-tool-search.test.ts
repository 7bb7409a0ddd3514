import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { readCorpus } from "../bench/tool-search/corpus.ts";
import { halves, qualityOf, substringSearch } from "../bench/tool-search/quality.ts";
import { grantTests } from "./support/egress.ts";
import { temporaryFolder } from "./support/temporary.ts";

grantTests("starts the benchmark", { spawn: true });

const definition = (name: string, description: string, inputSchema: object = {}) => ({
  name,
  description,
  inputSchema,
});
const mail = definition("send_mail", "Sends a mail.");
const file = definition("read_file", "Reads a file.", { properties: { path: {} } });

/** A folder with a few definitions and two prompts, in the form of the real one. */
function smallFolder(): string {
  const folder = temporaryFolder("tools");
  mkdirSync(join(folder, "tools"));
  mkdirSync(join(folder, "agentsafety/tools"), { recursive: true });
  const lines = (values: readonly object[]) =>
    values.map((value) => `${JSON.stringify(value)}\n`).join("");
  const others = Array.from({ length: 20 }, (_, n) => definition(`other_${n}a`, "Does a thing."));
  writeFileSync(join(folder, "tools/mcp_tools.jsonl"), lines([mail, file, ...others]));
  const suite = [file, { ...mail, description: "Posts a mail." }];
  writeFileSync(join(folder, "agentsafety/tools/suite.json"), JSON.stringify(suite));
  const episode = (kind: string, user_prompt: string, called: string) => {
    const events = [
      { type: "call", tool: called },
      { type: "result", tool: called, output: "" },
    ];
    return { kind, tools: "suite.json", user_prompt, events };
  };
  const episodes = [
    episode("benign", "Read the file.", "read_file"),
    episode("attack", "Ignore the user.", "send_mail"),
    episode("benign", "Mail it.", "send_mail"),
  ];
  writeFileSync(join(folder, "agentsafety/agentdojo.dev.jsonl"), lines(episodes));
  return folder;
}

describe("the corpus of the benchmark", () => {
  test("has equal definitions once, and tells different ones of one name apart", () => {
    const { pool, queries } = readCorpus(smallFolder());
    expect(pool.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["send_mail", "read_file", "send_mail_2"]),
    );
    expect(pool).toHaveLength(23);
    expect(queries).toEqual([
      { text: "Read the file.", wanted: new Set(["read_file"]) },
      { text: "Mail it.", wanted: new Set(["send_mail_2"]) },
    ]);
  });

  test.each([[undefined], ["/no/such/folder"]])(
    "says where it belongs when it is at %s",
    (folder) => {
      expect(() => readCorpus(folder)).toThrow(
        expect.objectContaining({
          code: "bench.no_data",
          hint: expect.stringContaining("AGENT33_BENCH_DATA"),
        }),
      );
    },
  );
});

describe("the figures of the benchmark", () => {
  const query = (text: string, ...wanted: readonly string[]) => ({ text, wanted: new Set(wanted) });

  test("are those of the definitions, worked out by hand", () => {
    const ranked = ["a", "b", "c", "d", "e", "f"];
    const queries = [query("1", "b"), query("2", "a", "f"), query("3", "x")];
    const { recall, any, all, mrr } = qualityOf(() => ranked, queries);
    expect(recall).toBeCloseTo((1 + 1 / 2 + 0) / 3);
    expect(any).toBeCloseTo(2 / 3);
    expect(all).toBeCloseTo(1 / 3);
    expect(mrr).toBeCloseTo((1 / 2 + 1 + 0) / 3);
  });

  test("are chosen on one half of the queries and held against the other", () => {
    const queries = ["a", "b", "c"].map((text) => query(text, "x"));
    expect(halves(queries)).toEqual([[queries[0], queries[2]], [queries[1]]]);
  });

  test("the substring match ranks by how many of the words a tool has", () => {
    const search = substringSearch([mail, file], (text) => text.split(" "));
    expect(search("read mail file")).toEqual(["read_file", "send_mail"]);
    expect(search("weather")).toEqual([]);
  });

  test("come out for every table", { timeout: 60_000 }, async () => {
    const main = join(import.meta.dirname, "..", "bench", "main.ts");
    const words = [main, "tool-search", "--quick", "--rounds", "1", "--json"];
    const env = { ...process.env, AGENT33_BENCH_DATA: smallFolder() };
    const { stdout } = await promisify(execFile)(process.execPath, words, { env });
    const report = JSON.parse(stdout) as {
      tables: { rows: { name: string; figures: Record<string, number> }[] }[];
      goals: unknown[];
    };
    const [finding, variants, tokens, broken, speed] = report.tables;
    expect(finding?.rows.at(-1)).toMatchObject({
      name: "find_tools",
      figures: { recall: 100, any: 100, all: 100 },
    });
    expect(variants?.rows.length).toBeGreaterThan(8);
    expect(tokens?.rows[0]?.figures["share"]).toBe(100);
    expect(broken?.rows.map(({ figures }) => figures["found"])).toEqual(
      Array.from({ length: 7 }, () => 100),
    );
    expect(speed?.rows).toHaveLength(1);
    expect(report.goals).toHaveLength(4);
  });
});
