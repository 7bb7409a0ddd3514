import type { Command } from "commander";
import { renderReport, reportOnTrials } from "../../../engine/evaluation.ts";
import type { Engine, JobOutcome } from "../../../engine.ts";
import {
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { oneLine } from "../../output.ts";
import { numberWithin, wholeNumber } from "../../usage.ts";
import { writeResult } from "../policy/files.ts";
import { createJobDisplay } from "./job-display.ts";
import { addToSummary } from "./report-options.ts";

/** What every command takes that makes trials. */
export interface JobOptions extends CommonOptions {
  readonly parallel?: number;
  readonly failUnder?: number;
  readonly html?: string;
  readonly ctrf?: string;
}

export function addJobOptions(command: Command): Command {
  return command
    .option(
      "--parallel <n>",
      "trials at once (what the machine bears, by the tasks' cpus and memory)",
      wholeNumber("--parallel", 1_000),
    )
    .option(
      "--fail-under <rate>",
      "end with 2 if a condition's rate is lower, from 0 to 1",
      numberWithin("--fail-under", 0, 1),
    )
    .option("--html <file>", "also write the report as a page")
    .option("--ctrf <file>", "also write the report as CTRF");
}

type Drive = (engine: Engine, watch: Parameters<Engine["jobs"]["run"]>[1]) => Promise<JobOutcome>;

/** Drives a job to its end or to a Ctrl-C, shows how it goes, and reports what came of it. */
export async function driveAndReport(
  context: CliContext,
  options: JobOptions,
  drive: Drive,
): Promise<void> {
  const output = outputOf(context, options);
  const display = createJobDisplay(context, output);
  const stop = new AbortController();
  const restore = context.onInterrupt(() => {
    // Children are ended by the sandbox's exit guard.
    if (stop.signal.aborted) process.exit(exitCodes.cancelled);
    display.say("ending; trials at work are left undone. Once more ends at once");
    stop.abort();
  });
  let outcome: JobOutcome;
  try {
    outcome = await withEngine(context, configOf(context, options), (engine) =>
      drive(engine, { signal: stop.signal, tell: display.tell }),
    );
  } finally {
    display.end();
    restore();
  }
  const below = outcome.trials.length > 0 && (await report(context, options, outcome));
  context.exit(exitCodeOf(outcome, below));
  if (outcome.state === "cancelled") {
    output.err(
      `${outcome.left} trials are left. Go on with: ${output.program} eval resume ${outcome.dir}${output.sameStore}`,
    );
  }
}

/** @returns whether a condition is under what was asked for */
async function report(
  context: CliContext,
  options: JobOptions,
  { dir, config, excluded }: JobOutcome,
): Promise<boolean> {
  const output = outputOf(context, options);
  const made = await reportOnTrials(context.host, dir, { seed: config.seed });
  if (options.html !== undefined) writeResult(context, options.html, renderReport(made, "html"));
  if (options.ctrf !== undefined) writeResult(context, options.ctrf, renderReport(made, "ctrf"));
  const summary = context.host.env["GITHUB_STEP_SUMMARY"];
  if (summary !== undefined && summary !== "")
    addToSummary(context, renderReport(made, "markdown"));
  const conditions = made.suites.map(({ name, attempt, counts, rate }) => ({
    name,
    attempt,
    ...counts,
    rate: rate.ok ? rate.value : null,
  }));
  output.out(
    output.json
      ? JSON.stringify({ kind: "report", dir, conditions, excluded })
      : renderReport(made, "markdown").trimEnd(),
  );
  const { failUnder } = options;
  if (failUnder === undefined) return false;
  const agents = conditions.filter(({ attempt }) => attempt === "agent");
  const held = agents.length === 0 ? conditions : agents;
  const under = held.filter(({ rate }) => rate === null || rate < failUnder);
  for (const { name, rate } of under) {
    output.err(`${oneLine(name, 100)}: ${rate ?? "no rate"} is under ${failUnder}`);
  }
  return under.length > 0;
}

/** Infrastructure errors come first: with them a rate says less than it seems to. */
function exitCodeOf({ state, trials, excluded }: JobOutcome, below: boolean): number {
  if (state === "cancelled") return exitCodes.cancelled;
  const errors = trials.some(({ verdict }) => verdict.kind === "error");
  if (errors || excluded.some(({ error }) => error !== undefined)) return exitCodes.failed;
  if (trials.length === 0) return exitCodes.failed;
  return below ? exitCodes.refuted : exitCodes.ok;
}
