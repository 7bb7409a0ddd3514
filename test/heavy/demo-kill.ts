import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent } from "../../src/events/event.ts";
import { projectRoot, runCli, runInProcess, startCli } from "../support/cli.ts";
import type { HeavySuite } from "./suite.ts";

const task = join(projectRoot, "examples/tasks/ledger-reconcile");
/** What the task's log of corrections must hold in the end. */
const corrections = 16;

interface Position {
  readonly where: string;
  /** Whether this event is the one after which the demo is killed. */
  readonly at: (event: RunEvent) => boolean;
}

const positions: readonly Position[] = [
  {
    where: "while it first looks around",
    at: (event) => event.type === "tool.started" && event.turn === 1,
  },
  {
    where: "in a keyed write of the file server",
    at: (event) => event.type === "tool.started" && event.toolName === "filesystem__write_file",
  },
  {
    where: "after the calls of the tool that may run once",
    at: (event) => event.type === "turn.started" && event.turn === 9,
  },
  {
    where: "after the check has failed",
    at: (event) => event.type === "check.completed" && !event.passed,
  },
  {
    where: "in the hidden tests",
    at: (event) => event.type === "agent.stopped",
  },
];

/** Runs the demo until the event and kills it. Gives what it had told by then. */
async function killAt({ at }: Position, data: string): Promise<readonly RunEvent[]> {
  const words = ["run", "--task", task, "--environment", "host", "--data", data, "--json"];
  const { child, ended } = startCli(words);
  let text = "";
  const eventsOf = (): readonly RunEvent[] =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as RunEvent);
  child.stdout?.on("data", (chunk: string) => {
    text += chunk;
    if (eventsOf().some(at)) child.kill("SIGKILL");
  });
  const { code, stderr } = await ended;
  if (code !== null) throw new Error(`the demo ended before it was killed: ${stderr}`);
  return eventsOf();
}

async function oneRound(position: Position, data: string): Promise<readonly string[]> {
  const told = await killAt(position, data);
  const [first] = told;
  if (first === undefined) return ["it told nothing"];
  const resumed = await runCli(["resume", first.runId, "--data", data, "--json"]);
  const show = ["runs", "show", first.runId, "--data", data, "--json"];
  const shown = await runInProcess(show, projectRoot);
  const events = shown.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as RunEvent);
  const faults: string[] = [];
  const last = events.at(-1);
  if (last?.type !== "run.finished" || last.outcome !== "verified") {
    faults.push(`the end is ${JSON.stringify(last)} ${resumed.stderr}`);
  }
  if (resumed.code !== 0) faults.push(`resume ended with ${resumed.code}`);
  if (!events.some(({ type }) => type === "run.resumed")) faults.push("it was not resumed");
  const started = events.find((event) => event.type === "run.started");
  const log = join(started?.workspace ?? data, "adjustments.jsonl");
  const lines = readFileSync(log, "utf8").trim().split("\n");
  if (lines.length !== corrections || new Set(lines).size !== corrections) {
    faults.push(`the log of corrections has ${lines.length} lines`);
  }
  return faults;
}

export const demoKill: HeavySuite = {
  about: "kills the demo at five places and resumes it to verified",
  defaultRounds: positions.length,
  run: async (rounds, say) => {
    let failed = 0;
    for (let round = 0; round < rounds; round += 1) {
      const position = positions[round % positions.length];
      if (position === undefined) throw new Error("there are positions");
      const data = mkdtempSync(join(tmpdir(), "agent33-demo-"));
      const faults = await oneRound(position, data);
      // What a failed round left is there to be looked at.
      if (faults.length === 0) rmSync(data, { recursive: true });
      else failed += 1;
      say(
        faults.length === 0
          ? `ok     killed ${position.where}, resumed: verified`
          : `FAILED killed ${position.where}: ${faults.join("; ")} (${data})`,
      );
    }
    return { passed: rounds - failed, failed };
  },
};
