import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { parse } from "yaml";
import { z } from "zod";
import { egressGuardFile } from "../../src/boundary/egress/guard.ts";
import type { HeavySuite } from "./suite.ts";

const root = resolve(import.meta.dirname, "../..");
const program = resolve(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
const client = [
  process.execPath,
  "--require",
  egressGuardFile,
  resolve(root, "test/mcp/conformance-client.ts"),
].join(" ");
const atOnce = 2;
const limitMs = 60_000;

/** Scenarios that do not pass, each with its reason. */
const expected = z
  .record(z.string(), z.string().min(1))
  .parse(parse(readFileSync(resolve(root, "test/mcp/conformance-expected-failures.yaml"), "utf8")));
const checksSchema = z.array(z.object({ id: z.string(), status: z.string() }));

interface Seen {
  readonly scenario: string;
  readonly good: boolean;
  readonly line: string;
}

export const mcpConformance: HeavySuite = {
  about: "lets the MCP conformance suite try our client, scenario by scenario",
  defaultRounds: 1,
  run: async (rounds, say) => {
    const { output } = await ask(["list"]);
    const scenarios = scenariosOf(output);
    let [passed, failed] = [0, 0];
    for (let round = 1; round <= rounds; round += 1) {
      for (const unknown of Object.keys(expected).filter((name) => !scenarios.includes(name))) {
        say(`FAILED ${unknown}: expected to fail, but the suite does not have it`);
        failed += 1;
      }
      const waiting = [...scenarios];
      const work = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const { good, line } = await judge(next);
          say(line);
          if (good) passed += 1;
          else failed += 1;
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
    }
    say(`${scenarios.length} client scenarios, ${Object.keys(expected).length} expected to fail`);
    return { passed, failed };
  },
};

/** The client's part of the suite's own list. */
function scenariosOf(list: string): readonly string[] {
  const part = /^Client scenarios.*$(?<names>[\s\S]*?)(?:^\S.*scenarios|$(?![\s\S]))/m.exec(list);
  const names = [...(part?.groups?.["names"] ?? "").matchAll(/^ {2}- (?<name>\S+)/gm)];
  return names.flatMap(({ groups }) => groups?.["name"] ?? []);
}

async function judge(scenario: string): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), "agent33-conformance-"));
  try {
    const words = ["client", "--command", client, "--scenario", scenario, "-o", folder];
    const { code, output } = await ask([...words, "--timeout", String(limitMs)]);
    const checks = checksBelow(folder);
    const bad = checks.filter(({ status }) => status === "FAILURE").map(({ id }) => id);
    const done = code === 0 && bad.length === 0;
    const reason = expected[scenario];
    const good = done === (reason === undefined);
    const found = `${checks.length - bad.length} of ${checks.length} checks`;
    if (good)
      return {
        scenario,
        good,
        line:
          reason === undefined
            ? `passed ${scenario}: ${found}`
            : `expected ${scenario}: ${found}; ${reason}`,
      };
    const why = done ? "passes, but is expected to fail" : `${found}; failed: ${bad.join(", ")}`;
    return {
      scenario,
      good,
      line: `FAILED ${scenario}: ${why}\n${done ? "" : output.slice(-2_000)}`,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function checksBelow(folder: string): z.infer<typeof checksSchema> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const file = files.find((name) => name.endsWith("checks.json"));
  return file === undefined
    ? []
    : checksSchema.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
}

async function ask(words: readonly string[]) {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: `${out}${err}` };
}
