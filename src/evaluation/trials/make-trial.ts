import type { PreparedTask } from "../environments/environment.ts";
import { toJsonValue } from "../../base/json.ts";
import type { JsonObject } from "../../base/json.ts";
import { canHeal, pause, waitMsAfter } from "./healing.ts";
import { attemptTrial, type TrialParts, type TrialPlan } from "./run-trial.ts";
import { beginAttempt, endAttempt, finishTrial, interruptedCode } from "./trial-folder.ts";
import type { InfrastructureError, Trial } from "./trial.ts";

/** What is told of a trial while it is made. */
export interface TrialWatch {
  begun(): void;
  failed(error: InfrastructureError, waitMs: number): void;
}

/**
 * Makes a trial: attempts it until there is a verdict, or no more are left. Only what the
 * infrastructure did is tried again, and only where that may help; each earlier attempt is kept. The
 * result is written as the last act, so that a trial without one is a trial to be made.
 * @param retries how many attempts may follow the first; ones that were interrupted do not count
 * @returns undefined where the signal aborted
 */
export async function makeTrial(
  plan: TrialPlan,
  prepare: () => Promise<PreparedTask>,
  retries: number,
  parts: TrialParts,
  watch: TrialWatch,
  signal: AbortSignal,
): Promise<Trial | undefined> {
  while (!signal.aborted) {
    const folder = beginAttempt(plan.dir, factsOf(plan), parts.clock);
    watch.begun();
    const trial = await attemptTrial(plan, prepare, folder, parts, signal);
    if (trial === undefined) return undefined;
    const { verdict } = trial;
    const failures = folder.earlier.filter(({ code }) => code !== interruptedCode).length;
    if (verdict.kind === "error" && failures < retries && canHeal(verdict.error)) {
      folder.log(`failed: ${verdict.error.code}: ${verdict.error.message}`);
      endAttempt(plan.dir, verdict.error);
      const waitMs = waitMsAfter(failures + 1);
      watch.failed(verdict.error, waitMs);
      await pause(waitMs, parts.clock, signal);
      continue;
    }
    folder.log("done");
    finishTrial(plan.dir, trial);
    return trial;
  }
  return undefined;
}

/** What the trial is, as its `config.json` has it. */
function factsOf(plan: TrialPlan): JsonObject {
  const { id, name, task, taskDigest, source, condition, repetition, timeoutMultiplier } = plan;
  return toJsonValue({
    format: "agent33-trial-config/1",
    id,
    trial_name: name,
    task: { name: task.name, path: task.dir, source, digest: taskDigest },
    condition,
    repetition,
    timeoutMultiplier,
  }) as JsonObject;
}
