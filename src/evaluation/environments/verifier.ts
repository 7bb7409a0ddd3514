import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { VerificationResult } from "../../agents/ports.ts";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error, messageOf, unreachable } from "../../base/errors.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { SpawnProcess } from "../../boundary/hands.ts";
import { isWithin } from "../paths.ts";
import { readReward, removeVerdicts } from "./reward.ts";
import { type CommandEnd, type CommandResult, runCommand } from "../commands/run-command.ts";
import { gatherTests } from "../tasks/gather-tests.ts";
import { onlyStep, type Task } from "../tasks/task.ts";

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

/** A verdict, or the reason why there is none (`reward` null and `error` set). */
export interface Verification extends VerificationResult {
  /** Every number that the verifier gave. Empty without a verdict. */
  readonly rewards: Readonly<Record<string, number>>;
}

/**
 * Runs a task's hidden tests. They are copied out of the task only now, to a new folder outside
 * the workspace, so that no agent can have read or changed them, and earlier verdicts are removed.
 * `test.sh` gets the folders in `AGENT33_APP_DIR`, `AGENT33_TESTS_DIR` and `AGENT33_LOGS_DIR`; its
 * exit code means nothing. A reward of 1 or more passes.
 *
 * Faults of the machinery are data and never a zero: `evaluation.verifier_not_started`,
 * `evaluation.verifier_timeout`, `evaluation.verifier_cancelled`, `evaluation.verifier_env_missing`,
 * `evaluation.verifier_failed`, `evaluation.reward_missing`, `evaluation.reward_unparsable`.
 * Call it only when nothing that the agent started runs any more.
 * @throws Agent33Error `evaluation.logs_inside_workspace`, a mistake of the caller
 */
export async function verify(task: Task, options: VerifyOptions): Promise<Verification> {
  const workspace = resolve(options.workspace);
  const logsDir = resolve(options.logsDir);
  if (isWithin(workspace, logsDir)) {
    throw new Agent33Error(
      "evaluation.logs_inside_workspace",
      `The verifier's logs folder "${logsDir}" lies in the workspace, where the agent can write.`,
      { hint: "Give a folder outside the workspace." },
    );
  }
  const { verifier } = onlyStep(task);
  const variables = taskVariables(verifier.env, options.env);
  if (!variables.ok) return withoutVerdict(variables.error, "", 0);
  let folder: string | undefined;
  try {
    await mkdir(logsDir, { recursive: true });
    await removeVerdicts(logsDir);
    folder = await mkdtemp(join(tmpdir(), "agent33-tests-"));
    await gatherTests(verifier, folder);
    const env = {
      ...options.env,
      ...variables.value,
      AGENT33_APP_DIR: workspace,
      AGENT33_TESTS_DIR: folder,
      AGENT33_LOGS_DIR: logsDir,
    };
    const { timeoutMs } = verifier;
    const result = await runTests(join(folder, "test.sh"), timeoutMs, {
      ...options,
      workspace,
      env,
    });
    return await verdict(result, logsDir, timeoutMs);
  } catch (cause) {
    const error = new Agent33Error(
      "evaluation.verifier_failed",
      `The verifier of "${task.name}" could not be prepared: ${messageOf(cause)}.`,
      { hint: "Check permissions and the space on the disk.", retryable: true, cause },
    );
    return withoutVerdict(error, "", 0);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Bash, as task authors expect; where there is none, sh, which runs most scripts. */
async function runTests(
  script: string,
  timeoutMs: number,
  { workspace, env, spawn, clock, signal }: VerifyOptions,
): Promise<CommandResult> {
  const request = {
    args: [script],
    cwd: workspace,
    env,
    timeoutMs,
    spawn,
    clock,
    ...(signal === undefined ? {} : { signal }),
  };
  const result = await runCommand({ ...request, command: "bash" });
  if (result.end.kind !== "not_started") return result;
  return runCommand({ ...request, command: "sh" });
}

async function verdict(
  { end, output, durationMs }: CommandResult,
  logsDir: string,
  timeoutMs: number,
): Promise<Verification> {
  const fault = verifierFault(end, timeoutMs);
  if (fault !== undefined) return withoutVerdict(fault, output, durationMs);
  const given = await readReward(logsDir);
  if (!given.ok) return withoutVerdict(given.error, output, durationMs);
  const { reward, rewards } = given.value;
  return { reward, rewards, passed: reward >= 1, output, durationMs };
}

function verifierFault(end: CommandEnd, timeoutMs: number): Agent33Error | undefined {
  switch (end.kind) {
    case "exited":
      return undefined;
    case "timeout":
      return new Agent33Error(
        "evaluation.verifier_timeout",
        `The verifier did not end within ${timeoutMs / 1_000} s.`,
        { hint: "Raise [verifier].timeout_sec, or see in its output where it waits." },
      );
    case "cancelled":
      return new Agent33Error("evaluation.verifier_cancelled", "The verifier was cancelled.");
    case "not_started":
      return new Agent33Error(
        "evaluation.verifier_not_started",
        `Neither bash nor sh could be started for test.sh: ${end.error.message}`,
        { hint: "Check that a shell is on the PATH that the verifier gets." },
      );
    default:
      return unreachable(end);
  }
}

function withoutVerdict(error: Agent33Error, output: string, durationMs: number): Verification {
  return { reward: null, rewards: {}, passed: false, output, durationMs, error: error.toJSON() };
}

/** Replaces `${NAME}` and `${NAME:-default}` in the values of `[verifier.env]`. */
function taskVariables(
  wanted: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): Result<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [name, template] of Object.entries(wanted)) {
    const absent: string[] = [];
    variables[name] = template.replace(
      /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
      (_whole, source: string, fallback: string | undefined) => {
        const value = given[source] ?? fallback;
        if (value === undefined) absent.push(source);
        return value ?? "";
      },
    );
    if (absent.length === 0) continue;
    return err(
      new Agent33Error(
        "evaluation.verifier_env_missing",
        `The verifier needs ${absent.join(", ")} for ${name} ([verifier.env] in task.toml).`,
        { hint: "Set the variable, or take a task whose verifier needs none." },
      ),
    );
  }
  return ok(variables);
}
