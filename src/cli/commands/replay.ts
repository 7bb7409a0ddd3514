import type { Command } from "commander";
import type { Engine } from "../../engine.ts";
import { replayedBy } from "../../engine/create-replay.ts";
import type { RunEnd } from "../../engine/runs.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { exitCodeOfReplay, exitCodes } from "../exit-codes.ts";
import { cancelOnInterrupt } from "../follow.ts";
import { oneLine, type Output } from "../output.ts";
import { showResult } from "../page.ts";
import { progressOn } from "../progress.ts";
import { replayText } from "../render-replay.ts";
import { usageError } from "../usage.ts";

interface ReplayOptions extends CommonOptions {
  readonly live?: boolean;
}

export function replayCommand(program: Command, context: CliContext): void {
  addCommonOptions(program.command("replay"))
    .description(
      "do again what a run did, in a scratch copy, with the model's answers of its log, and say what differs",
    )
    .argument(
      "<run>",
      "the run's id, or its beginning; of a replay: take it up, or show its report",
    )
    .option("--live", "make calls that leave the scratch copy too, after asking about each")
    .action((prefix: string, options: ReplayOptions) => replay(context, prefix, options));
}

async function replay(context: CliContext, prefix: string, options: ReplayOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async (engine) => {
    const { runs, store } = engine;
    const run = store.runs.find(prefix);
    const isReplay = replayedBy(run) !== undefined;
    if (isReplay && options.live === true) {
      throw usageError(
        `Run ${run.id} is a replay already; how it makes its calls was said when it began.`,
        "Leave out --live, or name the run that it replays.",
      );
    }
    const id = isReplay ? run.id : await runs.createReplay(run.id, { live: options.live === true });
    let end: RunEnd | undefined;
    if (run.state !== "finished" || !isReplay) {
      end = await drive(context, engine, output, id, isReplay);
    }
    const report = runs.report(id);
    showResult(output, report, () => replayText(report, output));
    context.exit(exitCodeOfEnd(end, report));
    if (end?.outcome === "parked" && !output.json) {
      output.out(
        output.style.yellow(`parked: go on with ${output.program} replay ${id}${output.sameStore}`),
      );
    }
  });
}

function exitCodeOfEnd(
  end: RunEnd | undefined,
  report: { readonly ended: boolean; readonly differs: boolean },
): number {
  if (end?.outcome === "parked") return exitCodes.parked;
  if (end?.outcome === "cancelled" && !report.ended) return exitCodes.cancelled;
  return exitCodeOfReplay(report);
}

/** Drives a replay; where somebody sits at the terminal, its questions are asked there. */
async function drive(
  context: CliContext,
  engine: Engine,
  output: Output,
  id: string,
  begun: boolean,
): Promise<RunEnd> {
  const progress = progressOn(context);
  let calls = 0;
  const stopFollowing = engine.runs.follow(id, ({ type }) => {
    if (type === "tool.completed") calls += 1;
    progress.show({ phase: "replaying calls", done: calls });
  });
  const restore = cancelOnInterrupt(context, engine, output, id);
  try {
    let end = await (begun ? engine.runs.resume(id) : engine.runs.drive(id));
    while (end.outcome === "parked" && (await answered(context, engine, output, id))) {
      progress.end();
      end = await engine.runs.resume(id);
    }
    return end;
  } finally {
    progress.end();
    restore();
    stopFollowing();
  }
}

/** Asks whoever sits at the terminal about what the replay waits for. */
async function answered(
  context: CliContext,
  engine: Engine,
  output: Output,
  id: string,
): Promise<boolean> {
  const questions = engine.store.approvals.list({ state: "pending" });
  const question = questions.find(({ runId }) => runId === id);
  if (question === undefined) return false;
  if (context.prompts === undefined || output.json) {
    const { program, sameStore } = output;
    output.err(oneLine(question.summary, 600));
    output.err(`→ ${program} approvals approve ${question.id}${sameStore} (or deny)`);
    return false;
  }
  const yes = await context.prompts.confirm(`${oneLine(question.summary, 600)}\nMake this call?`);
  await engine.decideApproval(question.id, yes ? "approved" : "denied");
  return true;
}
