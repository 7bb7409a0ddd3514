import { Agent33Error } from "../base/errors.ts";
import type { ShellToolOptions } from "../connectors/shell/connector.ts";
import type { CommandRunner } from "../evaluation/commands/run-command.ts";
import type { TaskEnvironment } from "../evaluation/environments/environment.ts";
import { loadTask } from "../evaluation/tasks/load-task.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import type { LiveRuns } from "./live-runs.ts";
import type { RunSpec } from "./run-spec.ts";

/** What a session of a trial works in. */
export interface SessionTrial {
  readonly task: Task;
  readonly environment: TaskEnvironment;
}

/**
 * The trial that a run is part of; undefined for all other runs.
 * @throws Agent33Error `engine.trial_gone` where another process made its environment
 */
export async function sessionTrial(
  runId: string,
  spec: Pick<RunSpec, "trial">,
  environments: LiveRuns["environments"],
): Promise<SessionTrial | undefined> {
  const { trial } = spec;
  if (trial === undefined) return undefined;
  const environment = environments.get(runId);
  if (environment === undefined) throw trialGone(runId, spec);
  return { task: await loadTask(trial.task), environment };
}

/** A trial's run cannot go on without the environment that its trial made. */
export function trialGone(runId: string, { trial }: Pick<RunSpec, "trial">): Agent33Error {
  return new Agent33Error(
    "engine.trial_gone",
    `Run ${runId} is part of a trial of ${trial?.task ?? "a task"}, and its environment was that of the process ${trial?.owner ?? "?"}.`,
    { hint: "`agent33 eval resume` begins such a trial anew, as a new run; this one is kept." },
  );
}

/**
 * How the agent's commands get into the environment; undefined on the host, where the engine's own
 * sandbox holds them in the workspace.
 */
export async function trialShell({
  environment: { sandbox, workdir },
}: SessionTrial): Promise<ShellToolOptions | undefined> {
  if (sandbox === undefined) return undefined;
  const probe = await sandbox.probe();
  return {
    chosen: probe.available ? { probe, sandbox } : { probe },
    workspace: workdir,
    source: "shell:trial",
    isWhole: true,
  };
}

/** Starts checks where the agent worked: what it left may not be run outside. */
export function trialCommands({ environment }: SessionTrial): CommandRunner {
  return (command, limits) => environment.run({ command, ...limits });
}
