import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Agent33Error } from "../../base/errors.ts";
import { digestOf } from "../../base/digest.ts";
import type { TrialAgent } from "../attempts/attempt.ts";
import type { Job } from "./drive-job.ts";
import type { JobConfig, JobPins } from "./job-config.ts";
import { readJob, writeJob } from "./job-folder.ts";
import { type JobTask, type JobTasks, refuseInsideTask, tasksOf } from "./job-tasks.ts";
import { agentKey } from "./matrix.ts";

/** What a job is pinned to besides its tasks. */
export interface PinnedParts {
  readonly agents: readonly TrialAgent[];
  /** Of this program and of Node. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Writes a new job down.
 * @param dir absolute; must not be there yet, or be empty
 * @throws Agent33Error `evaluation.job_exists`, `evaluation.job_in_task`,
 * `evaluation.duplicate_agent`, `evaluation.no_tasks` and other `evaluation.*` of tasks
 */
export function beginJob(dir: string, config: JobConfig, found: JobTasks, parts: PinnedParts): Job {
  refuseInsideTask(dir, found.tasks);
  if (existsSync(dir) && readdirSync(dir).some((name) => !name.startsWith("."))) throw exists(dir);
  const pins: JobPins = {
    format: "agent33-job-lock/1",
    versions: { ...parts.versions },
    seed: config.seed,
    tasks: pinnedTasks(found.tasks),
    agents: pinnedAgents(config, parts.agents),
    environments: {},
  };
  writeJob(dir, { config, pins });
  return { dir, config, pins, tasks: found.tasks, notices: noticesOf(found) };
}

/** Agents that have one name and version would be one condition in every figure. */
export function refuseSameAgents(agents: readonly TrialAgent[]): void {
  const seen = new Set<string>();
  for (const { name, version } of agents) {
    const key = `${name}@${version ?? ""}`;
    if (seen.has(key)) {
      throw new Agent33Error("evaluation.duplicate_agent", `Two agents are named "${name}".`, {
        hint: "Results are told apart by the agent's name: give each one of its own.",
      });
    }
    seen.add(key);
  }
}

/**
 * Opens a job to go on with it. All that its results hang on must be what it was.
 * @param dir absolute
 * @throws Agent33Error `evaluation.job_changed`, `evaluation.job_not_found`,
 * `evaluation.job_malformed`, `evaluation.task_*`
 */
export async function openJob(
  dir: string,
  partsFor: (config: JobConfig) => PinnedParts,
): Promise<Job> {
  const { config, pins } = readJob(dir);
  const { tasks: paths, include, exclude } = config;
  const found = await tasksOf({ paths, include, exclude });
  const { agents, versions } = partsFor(config);
  const changes = [
    ...changed("task", pins.tasks, pinnedTasks(found.tasks)),
    ...changed("agent", pins.agents, pinnedAgents(config, agents)),
  ];
  if (changes.length > 0) throw jobChanged(dir, changes);
  const older = Object.entries(versions)
    .filter(([name, version]) => pins.versions[name] !== version)
    .map(([name, version]) => `${name} was ${pins.versions[name] ?? "unknown"} and is ${version}`);
  return { dir, config, pins, tasks: found.tasks, notices: [...noticesOf(found), ...older] };
}

function pinnedTasks(tasks: readonly JobTask[]): JobPins["tasks"] {
  return Object.fromEntries(
    tasks.map(({ task, source, digest }) => [task.name, { dir: task.dir, source, digest }]),
  );
}

function pinnedAgents(config: JobConfig, agents: readonly TrialAgent[]): JobPins["agents"] {
  return Object.fromEntries(
    config.agents.map((spec, index) => {
      const { version, digests } = agents[index] ?? { version: undefined, digests: {} };
      return [agentKey(spec), { version: version ?? null, digests: { ...digests } }];
    }),
  );
}

function changed(
  what: string,
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.flatMap((name) => {
    if (now[name] === undefined) return [`${what} "${name}" is gone`];
    if (before[name] === undefined) return [`${what} "${name}" is new`];
    return digestOf(before[name]) === digestOf(now[name]) ? [] : [`${what} "${name}" has changed`];
  });
}

function noticesOf({ refused }: JobTasks): readonly string[] {
  return refused.map(
    ({ path, error }) => `${basename(path)} is no task that can be tried: ${error.message}`,
  );
}

function exists(dir: string): Agent33Error {
  return new Agent33Error("evaluation.job_exists", `There is something in "${dir}" already.`, {
    hint: existsSync(join(dir, "lock.json"))
      ? "Go on with it by `agent33 eval resume`, or give --job another name."
      : "Give --job a name that is not used yet.",
  });
}

function jobChanged(dir: string, changes: readonly string[]): Agent33Error {
  return new Agent33Error(
    "evaluation.job_changed",
    `What the job "${basename(dir)}" hangs on is not what it was: ${changes.slice(0, 10).join("; ")}.`,
    {
      hint: "Results of two versions do not compare: put back what was there, or begin a new job.",
      details: { changes: [...changes] },
    },
  );
}
