import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";
import { isBelow } from "../paths.ts";
import { readTrajectory, type Trajectory } from "../trajectories/atif.ts";
import { readResult } from "../trials/result-file.ts";
import { isFinished } from "../trials/trial-folder.ts";
import type { Trial } from "../trials/trial.ts";
import { readJob } from "./job-folder.ts";
import { agentKey, planTrials } from "./matrix.ts";

/** One trial of a job as it stands. */
export interface TrialStanding {
  readonly name: string;
  readonly task: string;
  /** By which the job names who works. */
  readonly agent: string;
  readonly model: string | null;
  readonly effort: string | null;
  readonly skills: string;
  /** From 1. */
  readonly repetition: number;
  /** `begun`: it is at work, or was cut short. */
  readonly state: "open" | "begun" | "done";
}

/**
 * Every trial of a job, in the order in which they begin, which never changes.
 * @param dir the job's folder
 * @throws Agent33Error `evaluation.job_not_found`, `evaluation.job_malformed`
 */
export function trialsOfJob(dir: string): readonly TrialStanding[] {
  const { config, pins } = readJob(dir);
  return planTrials(config, Object.keys(pins.tasks)).map(({ name, task, cell, repetition }) => {
    const spec = config.agents[cell.agent];
    const place = join(dir, name);
    const { model = null, effort = null, skills } = cell;
    const agent = spec === undefined ? "" : agentKey(spec);
    const state = isFinished(place) ? "done" : existsSync(place) ? "begun" : "open";
    return { name, task, agent, model, effort, skills, repetition, state };
  });
}

/**
 * What came of a trial that has its result.
 * @param dir the trial's folder
 * @throws Agent33Error `evaluation.result_malformed`
 */
export function resultOfTrial(dir: string): Trial | undefined {
  if (!isFinished(dir)) return undefined;
  const path = join(dir, "result.json");
  const content = readResult(readFileSync(path, "utf8"), path);
  return content.kind === "own" ? content.trial : undefined;
}

const largestBytes = 64 * 1024 * 1024;

/**
 * The trajectory that a trial left as a file; undefined where it left none. What an agent put in its
 * place that leads out of the trial's folder is none.
 * @param dir the trial's folder
 * @throws Agent33Error `evaluation.trajectory_malformed`
 */
export function trajectoryFile(dir: string, { artefacts, name }: Trial): Trajectory | undefined {
  const artefact = artefacts.find(({ path }) => /(?:^|\/)trajectory\.json$/.test(path));
  if (artefact === undefined) return undefined;
  const place = attempt(() => realpathSync(join(dir, artefact.path)));
  if (!place.ok || !isBelow(realpathSync(dir), place.value)) return undefined;
  const { size } = statSync(place.value);
  const what = `The trajectory of ${name}`;
  const read = attempt(() => {
    if (size > largestBytes) throw new RangeError(`it has ${size} bytes`);
    return JSON.parse(readFileSync(place.value, "utf8")) as unknown;
  });
  if (read.ok) return readTrajectory(read.value, what);
  throw new Agent33Error(
    "evaluation.trajectory_malformed",
    `${what} cannot be read: ${messageOf(read.error)}.`,
    { hint: "See what the agent wrote.", cause: read.error },
  );
}

const endSchema = z.object({
  agent33: z.object({
    state: z.enum(["done", "cancelled"]),
    left: z.int(),
    excluded: z.array(z.object({ task: z.string(), reason: z.string() })),
  }),
});

/** How a job ended when it was last worked on; undefined where it has not ended yet. */
export function endOfJob(dir: string): z.infer<typeof endSchema>["agent33"] | undefined {
  const path = join(dir, "result.json");
  if (!existsSync(path)) return undefined;
  const read = attempt(() => JSON.parse(readFileSync(path, "utf8")) as unknown);
  return read.ok ? endSchema.safeParse(read.value).data?.agent33 : undefined;
}
