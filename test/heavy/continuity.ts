import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ContinuityPlace, ContinuityReport } from "../../src/engine/continuity.ts";
import { projectRoot } from "../support/cli.ts";
import { testGrant } from "../support/egress.ts";
import type { HeavySuite } from "./suite.ts";

const grant = testGrant("starts the program from a copy of its sources", { spawn: true });

/** What is changed in the sources so that one place loses the id: a file, its words, and other words. */
const cuts: Readonly<Record<ContinuityPlace, readonly [string, string, string]>> = {
  decision: [
    "src/http/routes/audit.ts",
    "handle: ({ engine: { store }, params }) => store.audit.find(params.id),",
    "handle: ({ engine: { store }, params }) => ({ ...store.audit.find(params.id), record: {} }),",
  ],
  run_log: ["src/agents/execute.ts", "    callId: record.callId,\n", ""],
  audit: [
    "src/boundary/call-record.ts",
    "...(runId === undefined ? {} : { runId }),",
    "...(runId === callId ? { runId } : {}),",
  ],
  metric: [
    "src/observability/metrics/count.ts",
    "{ connector, outcome, decision }, 1, example);",
    "{ connector, outcome, decision });",
  ],
  trace: [
    "src/observability/traces/spans-of-log.ts",
    "[names.callId]: event.callId,\n      ...failedWith(error),",
    "...failedWith(error),",
  ],
  export_jsonl: ["src/observability/export/record.ts", "id: callId,", "id: `call-${callId}`,"],
  export_otlp: ["src/observability/export/spans.ts", "[names.callId]: callId,", ""],
};

/** The check of continuity over the product itself, cut in the sources of one place after the other. */
export const continuity: HeavySuite = {
  about: "the thread of a decision, cut in the sources of each place; the check must name it",
  defaultRounds: 1,
  run: async (rounds, say) => {
    let passed = 0;
    let failed = 0;
    const hold = (what: string, holds: boolean): void => {
      if (holds) passed += 1;
      else failed += 1;
      say(`${holds ? "held" : "NOT HELD"}: ${what}`);
    };
    for (let round = 0; round < rounds; round += 1) {
      const copy = copyOfSources();
      try {
        const whole = await check(copy);
        hold("the product as it is", whole.code === 0 && whole.broken.length === 0);
        for (const [place, [file, before, after]] of Object.entries(cuts)) {
          const path = join(copy, file);
          const source = readFileSync(path, "utf8");
          hold(`${file} can be cut in one place`, source.split(before).length === 2);
          writeFileSync(path, source.replace(before, after));
          const { code, broken } = await check(copy);
          hold(
            `cut in ${file}: ${broken.join(", ") || "nothing"} named`,
            code === 2 && broken.includes(place),
          );
          writeFileSync(path, source);
        }
        const again = await check(copy);
        hold("the product as it was, again", again.code === 0 && again.broken.length === 0);
      } finally {
        rmSync(copy, { recursive: true, force: true });
      }
    }
    return { passed, failed };
  },
};

function copyOfSources(): string {
  const copy = mkdtempSync(join(tmpdir(), "agent33-heavy-continuity-"));
  for (const part of ["bin", "src", "packs", "package.json", "tsconfig.json"]) {
    cpSync(join(projectRoot, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(projectRoot, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** What the program says from a copy of its sources; a code of its own where it says nothing. */
async function check(
  copy: string,
): Promise<{ readonly code: number | null; readonly broken: readonly string[] }> {
  const words = [join(copy, "bin/agent33.js"), "gate", "continuity", "--json"];
  const env = { PATH: process.env["PATH"] ?? "", HOME: copy, TMPDIR: tmpdir() };
  const child = grant.run(() =>
    spawn(process.execPath, words, { cwd: copy, env, stdio: ["ignore", "pipe", "pipe"] }),
  );
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const [code, said, trouble] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (said === "") return { code, broken: [`no report: ${trouble.slice(0, 300)}`] };
  const { decisions } = JSON.parse(said) as ContinuityReport;
  const broken = decisions.flatMap(({ places }) =>
    places.flatMap(({ place, outcome }) =>
      outcome === "missing" || outcome === "differs" ? [place] : [],
    ),
  );
  return { code, broken: [...new Set(broken)] };
}
