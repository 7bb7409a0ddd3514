import { type Clock, longestTimerMs } from "../../base/clock.ts";
import type { ErrorData } from "../../base/errors.ts";
import type { AttemptRequest, AttemptResult, TrialAgent } from "./attempt.ts";
import { outOfTime, overrunOf } from "./program.ts";

/** How long after its time an agent may take to end by itself. */
const graceMs = 10_000;
/** How long it may take after all that it started was ended. */
const settleMs = 10_000;

/**
 * Lets an agent work, and ends it where it does not end by itself: when its time is over, or when
 * the trial uses more than it may. Whatever ended it, what it left is there to be judged.
 * @throws Agent33Error what is no fault of the agent; the signal's reason when it aborted
 */
export async function boundedWork(
  agent: TrialAgent,
  request: AttemptRequest,
  clock: Clock,
): Promise<AttemptResult> {
  const { environment, timeoutMs, signal } = request;
  const { overrun } = environment;
  const late = outOfTime(timeoutMs ?? longestTimerMs);
  const stop = new AbortController();
  const over = new AbortController();
  const work = agent.work({ ...request, signal: AbortSignal.any([signal, overrun, stop.signal]) });
  const ended = work.then(
    (result) => ({ kind: "result", result }) as const,
    (error: unknown) => ({ kind: "thrown", error }) as const,
  );
  const limits = [
    aborted(overrun, over.signal),
    aborted(signal, over.signal),
    ...(timeoutMs === undefined ? [] : [clock.sleep(timeoutMs + graceMs, over.signal)]),
  ].map((limit) => limit.catch(() => undefined));
  try {
    const first = await Promise.race([ended, ...limits]);
    if (first === undefined) {
      stop.abort(late);
      await environment.endAll();
    }
    const last = first ?? (await Promise.race([ended, clock.sleep(settleMs, over.signal)]));
    signal.throwIfAborted();
    const result = last?.kind === "result" ? last.result : undefined;
    if (overrun.aborted) return endedBy(overrunOf(overrun).toJSON(), result);
    if (first === undefined) return endedBy(late.toJSON(), result);
    if (last?.kind === "thrown") throw last.error;
    return result ?? endedBy(late.toJSON(), result);
  } finally {
    over.abort();
  }
}

/** What it spent and left counts, whatever ended it. */
function endedBy(error: ErrorData, result: AttemptResult | undefined): AttemptResult {
  const unknown = { costMicroUsd: null, tokens: null, artefacts: [] };
  return { ...(result ?? unknown), error };
}

async function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true, signal: over });
  });
}
