import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { SpawnProcess } from "../../boundary/hands.ts";
import { type CommandResult, runCommand } from "../commands/run-command.ts";
import type { JudgeRequest } from "./environment.ts";
import { removeVerdicts } from "./reward.ts";

/** Hidden tests to be run as processes of this machine. */
export interface TestRun extends JudgeRequest {
  /** What the agent left; the tests run in it. */
  readonly workspace: string;
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
}

/** What tests and solutions find their folders by, wherever they run. */
export function placeVariables(places: {
  readonly app: string;
  readonly tests: string;
  readonly logs: string;
}): Readonly<Record<string, string>> {
  return {
    AGENT33_APP_DIR: places.app,
    AGENT33_TESTS_DIR: places.tests,
    AGENT33_LOGS_DIR: places.logs,
  };
}

/**
 * Runs `test.sh` in the workspace. The tests are copied only now, to a new folder outside of the
 * workspace, so that no agent can have read or changed them; verdicts of before are removed. What
 * the tests write beside their verdict is of no use and goes.
 * @throws the system's error when a folder cannot be made or copied
 */
export async function runTests(run: TestRun): Promise<CommandResult> {
  const { workspace, logs, spawn, clock, timeoutMs, signal } = run;
  await mkdir(logs, { recursive: true });
  await removeVerdicts(logs);
  const folder = await mkdtemp(join(tmpdir(), "agent33-tests-"));
  try {
    await cp(run.tests, folder, { recursive: true, verbatimSymlinks: true });
    const request = {
      args: [join(folder, "test.sh")],
      cwd: workspace,
      env: { ...run.env, ...placeVariables({ app: workspace, tests: folder, logs }) },
      timeoutMs,
      spawn,
      clock,
      ...(signal === undefined ? {} : { signal }),
    };
    // Bash, as task authors expect; where there is none, sh, which runs most scripts.
    const result = await runCommand({ ...request, command: "bash" });
    if (result.end.kind !== "not_started") return result;
    return await runCommand({ ...request, command: "sh" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
