import { open } from "node:fs/promises";
import { join } from "node:path";
import { conditionName, passedOf, type Trial } from "../evaluation/trials/trial.ts";
import { systemCodeOf } from "../base/errors.ts";
import type { NewSignal } from "../learning/signal.ts";
import { trialSignal } from "../learning/trial-signals.ts";

/** Of the verifier's output, the end says why. */
const outputBytes = 6_000;
const outputName = "test-stdout.txt";

/**
 * What a trial teaches, with its evidence out of the trial's folder.
 * @returns undefined where there is nothing to learn
 */
export async function signalOfTrial(trial: Trial, folder: string): Promise<NewSignal | undefined> {
  const { verdict, artefacts } = trial;
  const paths = artefacts.map(({ path }) => path);
  const outputs = paths.filter((path) => path.endsWith(outputName));
  return trialSignal({
    id: trial.id,
    name: trial.name,
    task: trial.task.name,
    taskDigest: trial.task.digest,
    condition: conditionName(trial.condition),
    attempt: trial.attempt,
    passed: passedOf(trial),
    rewards: verdict.kind === "scored" ? verdict.rewards : {},
    error: verdict.kind === "scored" ? verdict.agentError : verdict.error,
    output: await endOf(outputs.map((path) => join(folder, path)).at(-1)),
    runId: trial.runId,
    at: trial.finishedAt,
    folder,
    artefacts: paths,
  });
}

/** The end of a file; nothing where it is gone. */
async function endOf(path: string | undefined): Promise<string> {
  if (path === undefined) return "";
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, outputBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return "";
    throw cause;
  }
}
