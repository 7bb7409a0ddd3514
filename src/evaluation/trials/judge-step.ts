import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorOfData, systemCodeOf } from "../../base/errors.ts";
import type { TaskEnvironment } from "../environments/environment.ts";
import { verdictOf, verifierVariables } from "../environments/verdict.ts";
import { withTests } from "../tasks/gather-tests.ts";
import type { StepRewards } from "../tasks/step-reward.ts";
import type { TaskStep } from "../tasks/task.ts";

/** How a step is judged, besides what it says itself. */
export interface JudgePlace {
  /** Where the verdict and the output go. */
  readonly logs: string;
  readonly timeoutMultiplier: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Runs the hidden tests of a step on what the agent left.
 * @throws Agent33Error where there is no verdict: an infrastructure error, never a zero
 */
export async function judgeStep(
  environment: TaskEnvironment,
  { verifier }: TaskStep,
  { logs, timeoutMultiplier, variables, signal }: JudgePlace,
): Promise<StepRewards> {
  const env = verifierVariables(verifier.env, variables);
  if (!env.ok) throw env.error;
  const timeoutMs = verifier.timeoutMs * timeoutMultiplier;
  await mkdir(logs, { recursive: true });
  const result = await withTests(verifier, (tests) =>
    environment.judge({
      tests,
      testsAt: verifier.at,
      logs,
      env: env.value,
      timeoutMs,
      signal,
    }),
  );
  const output = join(logs, "test-stdout.txt");
  // A driver that writes the output as it comes has more of it. A link in its place is not followed.
  await writeFile(output, result.output, { flag: "wx" }).catch(unlessThere);
  const { rewards, error } = await verdictOf(result, logs, timeoutMs);
  if (error !== undefined) throw errorOfData(error);
  return rewards;
}

function unlessThere(error: unknown): void {
  if (systemCodeOf(error) !== "EEXIST") throw error;
}
