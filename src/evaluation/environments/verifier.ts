import { resolve } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import type { SpawnProcess } from "../../boundary/hands.ts";
import { isWithin } from "../paths.ts";
import { withTests } from "../tasks/gather-tests.ts";
import { onlyStep, type Task } from "../tasks/task.ts";
import { runTests } from "./test-run.ts";
import { verifierVariables, type Verification, verdictOf, withoutVerdict } from "./verdict.ts";

export interface VerifyOptions {
  /** What the agent left; the tests run in it. */
  readonly workspace: string;
  /** Where the verdict goes; is made if missing. Must lie outside the workspace. */
  readonly logsDir: string;
  readonly spawn: SpawnProcess;
  /** The tests' environment: PATH at least. The task's own variables are added to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Runs a task's hidden tests on this machine and reads their verdict. `test.sh` gets the folders in
 * `AGENT33_APP_DIR`, `AGENT33_TESTS_DIR` and `AGENT33_LOGS_DIR`. Faults of the machinery are data:
 * those of `verdictOf`, `evaluation.verifier_env_missing`, `evaluation.verifier_failed`.
 * Call it only when nothing that the agent started runs any more.
 * @throws Agent33Error `evaluation.logs_inside_workspace`, a mistake of the caller
 */
export async function verify(task: Task, options: VerifyOptions): Promise<Verification> {
  const workspace = resolve(options.workspace);
  const logs = resolve(options.logsDir);
  if (isWithin(workspace, logs)) {
    throw new Agent33Error(
      "evaluation.logs_inside_workspace",
      `The verifier's logs folder "${logs}" lies in the workspace, where the agent can write.`,
      { hint: "Give a folder outside the workspace." },
    );
  }
  const { verifier } = onlyStep(task);
  const variables = verifierVariables(verifier.env, options.env);
  if (!variables.ok) return withoutVerdict(variables.error);
  const { timeoutMs } = verifier;
  const env = { ...options.env, ...variables.value };
  try {
    const result = await withTests(verifier, (tests) =>
      runTests({ ...options, workspace, logs, tests, env, timeoutMs }),
    );
    return await verdictOf(result, logs, timeoutMs);
  } catch (cause) {
    const error = new Agent33Error(
      "evaluation.verifier_failed",
      `The verifier of "${task.name}" could not be prepared: ${messageOf(cause)}.`,
      { hint: "Check permissions and the space on the disk.", retryable: true, cause },
    );
    return withoutVerdict(error);
  }
}
