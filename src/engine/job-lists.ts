import { basename, join, resolve } from "node:path";
import { existsSync } from "node:fs";
import type { ErrorData } from "../base/errors.ts";
import { jobsIn, type JobState } from "../evaluation/jobs/job-state.ts";
import { tasksOf } from "../evaluation/jobs/job-tasks.ts";
import type { Host } from "./host.ts";

/** A task as people are told of it. */
export interface TaskListing {
  readonly name: string;
  readonly dir: string;
  readonly digest: string;
  readonly steps: number;
  readonly hasSolution: boolean;
  readonly hasSkills: boolean;
  /** Of the agent, over all steps; null where a step sets none. */
  readonly agentTimeoutMs: number | null;
  readonly verifierTimeoutMs: number;
  readonly cpus: number | null;
  readonly memoryMb: number | null;
  readonly storageMb: number | null;
  readonly network: string;
  readonly notices: readonly string[];
}

export type JobListing = JobState;

/**
 * The tasks of a folder, and what looked like one and is none.
 * @throws Agent33Error `evaluation.*`
 */
export async function listTasks(
  { cwd }: Pick<Host, "cwd">,
  folder: string,
): Promise<{
  readonly tasks: readonly TaskListing[];
  readonly refused: readonly { readonly path: string; readonly error: ErrorData }[];
}> {
  const found = await tasksOf({ paths: [resolve(cwd, folder)], include: [], exclude: [] });
  return {
    tasks: found.tasks.map(({ task, digest }) => {
      const { environment, steps } = task;
      const limits = steps.map(({ agentTimeoutMs }) => agentTimeoutMs);
      return {
        name: task.name,
        dir: task.dir,
        digest,
        steps: steps.length,
        hasSolution: steps.every(({ solution }) => solution !== undefined),
        hasSkills: task.skillsDir !== undefined,
        agentTimeoutMs: limits.includes(undefined)
          ? null
          : limits.reduce<number>((sum, limit) => sum + (limit ?? 0), 0),
        verifierTimeoutMs: steps.reduce((sum, { verifier }) => sum + verifier.timeoutMs, 0),
        cpus: environment.cpus ?? null,
        memoryMb: environment.memoryMb ?? null,
        storageMb: environment.storageMb ?? null,
        network: environment.network,
        notices: task.notices,
      };
    }),
    refused: found.refused.map(({ path, error }) => ({ path: basename(path), error })),
  };
}

/**
 * The jobs of a folder; nothing where it is not one of jobs.
 * @throws Agent33Error `evaluation.*`
 */
export async function listJobs(
  { cwd }: Pick<Host, "cwd">,
  folder: string,
): Promise<readonly JobListing[]> {
  const dir = resolve(cwd, folder);
  // The usual folder of jobs is made by the first.
  if (!existsSync(dir) && dir === join(cwd, "jobs")) return [];
  return jobsIn(dir);
}
