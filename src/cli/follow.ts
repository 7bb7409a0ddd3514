import { toAgent33Error } from "../base/errors.ts";
import type { Engine } from "../engine.ts";
import type { RunRequest } from "../engine/create-run.ts";
import type { RunEnd } from "../engine/runs.ts";
import { encodeEvent } from "../events/codec.ts";
import type { RunEvent } from "../events/event.ts";
import type { CliContext } from "./context.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { type Output, showError } from "./output.ts";
import { createRunRenderer } from "./render-run.ts";

/** A watcher for a person, or one event a line for a program. */
export function watcher(output: Output): (event: RunEvent) => void {
  return output.json ? (event) => output.out(encodeEvent(event)) : createRunRenderer(output);
}

/** Writes a run down for a worker, and says which it is. */
export async function leaveQueued(
  engine: Engine,
  output: Output,
  request: RunRequest,
): Promise<void> {
  const runId = await engine.runs.create(request);
  output.out(output.json ? JSON.stringify({ runId }) : runId);
}

/**
 * Starts a run and drives it while it is watched.
 * @returns the id of its last attempt
 */
export async function startAndFollow(
  context: CliContext,
  engine: Engine,
  output: Output,
  request: RunRequest,
): Promise<string> {
  const runId = await engine.runs.create(request);
  const begun = engine.store.runLog.read(runId);
  const [first] = begun;
  if (!output.json && first?.type === "run.started" && first.model.startsWith("scripted:")) {
    output.out(
      `Scripted run: no model is called. The turns come from ${first.model.slice("scripted:".length)}; the tools, the policy and the checks are real. Use --model for a real model.`,
    );
  }
  const watch = watcher(output);
  for (const event of begun) watch(event);
  return driveAndFollow(context, engine, output, runId, () => engine.runs.drive(runId));
}

/**
 * The first Ctrl-C asks a run to stop and waits for its last words; the second ends the program at
 * once.
 * @returns what ends that
 */
export function cancelOnInterrupt(
  context: CliContext,
  engine: Engine,
  output: Output,
  runId: string,
): () => void {
  let interrupts = 0;
  return context.onInterrupt(() => {
    interrupts += 1;
    if (interrupts > 1) {
      // Children are killed by the sandbox's exit guard.
      process.exit(exitCodes.cancelled);
    }
    output.err("cancelling; press Ctrl-C again to end at once");
    engine.runs.cancel(runId);
  });
}

/**
 * Drives a run while it is watched.
 * @returns the id of its last attempt
 */
export async function driveAndFollow(
  context: CliContext,
  engine: Engine,
  output: Output,
  runId: string,
  drive: () => Promise<RunEnd>,
): Promise<string> {
  const stopFollowing = engine.runs.follow(runId, watcher(output));
  const restore = cancelOnInterrupt(context, engine, output, runId);
  const stopListening = context.onLine?.((line) => say(engine, output, runId, line));
  try {
    const end = await drive();
    context.exit(exitCodeOf(end.outcome));
    if (output.json) return end.runId;
    const { out, program, sameStore, style } = output;
    out(style.dim(`  log: ${program} runs show ${end.runId}${sameStore} (in ${engine.dataDir})`));
    if (end.outcome === "parked") {
      out(style.yellow(`parked: go on with ${program} resume ${end.runId}${sameStore}`));
    }
    return end.runId;
  } catch (error) {
    // The error itself is shown by `main`; the run is not lost, and this says how to find it.
    if (!output.json && engine.store.runs.get(runId)?.state !== "finished") {
      output.err(
        `run ${runId} is kept: go on with ${output.program} resume ${runId}${output.sameStore}`,
      );
    }
    throw error;
  } finally {
    stopListening?.();
    restore();
    stopFollowing();
  }
}

/** A line that somebody types while the run goes on is for its agent. */
function say(engine: Engine, output: Output, runId: string, line: string): void {
  if (line.trim() === "") return;
  try {
    engine.runs.send(runId, line, "steering");
    output.err("the agent reads it after the step that it is at");
  } catch (thrown) {
    showError(output, toAgent33Error(thrown));
  }
}
