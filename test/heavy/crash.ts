import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot, runCli, runInProcess, startCli } from "../support/cli.ts";
import type { HeavySuite } from "./suite.ts";

const task = join(projectRoot, "examples/tasks/ledger-reconcile");

interface Round {
  readonly killedAfter: string;
  readonly outcome: string;
  readonly unknown: number;
  readonly doubled: number;
  readonly problem: string | undefined;
}

/**
 * Kills the demo with SIGKILL at a random moment and resumes it. What must hold each time: the run
 * ends; no line of the corrections log is there twice, because that tool may run only once; and
 * the outcome is verified unless such a call was in flight, which the log then says.
 */
async function round(data: string, delayMs: number): Promise<Round> {
  const words = ["run", "--task", task, "--environment", "host", "--data", data];
  const first = startCli(words);
  await first.seen("turn 1");
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  first.child.kill("SIGKILL");
  const { stdout } = await first.ended;
  const killedAfter = /turn \d+(?![\s\S]*turn \d+)/.exec(stdout)?.[0] ?? "the start";
  const list = await runInProcess(["runs", "list", "--data", data, "--json"], projectRoot);
  const { items } = JSON.parse(list.stdout) as {
    items: { id: string; outcome: string | null; workspace: string }[];
  };
  const [run] = items;
  if (run === undefined)
    return {
      killedAfter,
      outcome: "none",
      unknown: 0,
      doubled: 0,
      problem: "the run is not in the list",
    };
  const end = run.outcome ?? outcomeOf(await runCli(["resume", run.id, "--data", data, "--json"]));
  const shown = await runInProcess(["runs", "show", run.id, "--data", data, "--json"], projectRoot);
  const unknown = shown.stdout
    .split("\n")
    .filter((line) => line.includes("boundary.outcome_unknown")).length;
  const log = join(run.workspace, "adjustments.jsonl");
  const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  const doubled = lines.length - new Set(lines).size;
  const problem =
    doubled > 0
      ? "a line was written twice"
      : end !== "verified" && unknown === 0
        ? "not verified although no outcome was unknown"
        : undefined;
  return { killedAfter, outcome: end, unknown, doubled, problem };
}

function outcomeOf({
  stdout,
  stderr,
}: {
  readonly stdout: string;
  readonly stderr: string;
}): string {
  const last = stdout.trim().split("\n").at(-1) ?? "";
  if (last === "") return `error: ${stderr.trim()}`;
  const event = JSON.parse(last) as { outcome?: string };
  return event.outcome ?? "no outcome";
}

export const crash: HeavySuite = {
  about: "kills the demo with SIGKILL at random moments and resumes it",
  defaultRounds: 50,
  run: async (rounds, say) => {
    let failed = 0;
    for (let number = 1; number <= rounds; number += 1) {
      // Spread evenly over the time that the demo takes, so that every stretch of it is hit.
      const delayMs = Math.round(((number - 0.5) / rounds) * 900);
      const data = mkdtempSync(join(tmpdir(), "agent33-crash-"));
      const result = await round(data, delayMs);
      // What a failed round left is there to be looked at.
      if (result.problem !== undefined) failed += 1;
      else rmSync(data, { recursive: true });
      say(
        `${result.problem === undefined ? "ok    " : "FAILED"} killed ${delayMs} ms after the first turn (in ${result.killedAfter}): ${result.outcome}, ${result.unknown} unknown, ${result.doubled} doubled${result.problem === undefined ? "" : ` - ${result.problem}`}`,
      );
    }
    return { passed: rounds - failed, failed };
  },
};
