import { z } from "zod";
import { efforts } from "../base/effect.ts";
import type { Engines } from "../engine/engines.ts";
import { agentKey, environmentKinds, passedOf, rewardOf, skillArms } from "../engine.ts";
import { errorData, errorOrNull } from "./checks-view.ts";
import { moment } from "./input.ts";

type Jobs = Awaited<ReturnType<Engines["jobs"]>>;
const count = z.int().nonnegative();

export const taskSchema = z
  .strictObject({
    set: z.string().describe("the name of its folder in the settings"),
    name: z.string(),
    digest: z.string(),
    steps: count,
    hasSolution: z.boolean(),
    hasSkills: z.boolean(),
    agentTimeoutMs: z.number().nullable(),
    verifierTimeoutMs: z.number(),
    cpus: z.number().nullable(),
    memoryMb: z.number().nullable(),
    storageMb: z.number().nullable(),
    network: z.string(),
    notices: z.array(z.string()),
  })
  .meta({ id: "EvaluationTask" });

export const taskListSchema = z.strictObject({
  items: z.array(taskSchema),
  refused: z
    .array(z.strictObject({ set: z.string(), path: z.string(), error: errorData }))
    .describe("what looks like a task and cannot be tried"),
});

export function taskListView(found: Awaited<ReturnType<Jobs["tasks"]>>) {
  return {
    items: found.tasks.map(({ dir: _dir, ...task }) => task),
    refused: found.refused.map(({ error, ...one }) => ({ ...one, error: errorOrNull(error) })),
  };
}

export const jobSchema = z
  .strictObject({
    name: z.string(),
    id: z.string(),
    createdAt: moment,
    state: z
      .enum(["running", "done", "open"])
      .describe(
        "`running`: this server works on it; `open`: trials are left, and it may be resumed",
      ),
    environment: z.enum(environmentKinds),
    agents: z.array(z.string()),
    models: z.array(z.string()),
    efforts: z.array(z.enum(efforts)),
    skills: z.array(z.enum(skillArms)),
    repetitions: count,
    tasks: count,
    trials: count,
    done: count.describe("trials that have their result"),
    passed: count,
    errors: count.describe("trials without a verdict"),
    begun: count.describe("trials at work or cut short"),
    excluded: z
      .array(z.strictObject({ task: z.string(), reason: z.string() }))
      .describe("tasks that are in no score"),
    error: errorData.nullable().describe("why this server could not go on with it"),
  })
  .meta({ id: "EvaluationJob" });

export function jobView(job: Awaited<ReturnType<Jobs["show"]>>) {
  const { config, running, end, error, tasks, trials, done, passed, errors, begun } = job;
  const isDone = done === trials || end?.left === 0;
  return {
    name: config.name,
    id: config.id,
    createdAt: config.createdAt,
    state: running ? "running" : isDone ? "done" : "open",
    environment: config.environment,
    agents: config.agents.map(agentKey),
    models: config.models,
    efforts: config.efforts,
    skills: config.skills,
    repetitions: config.trials,
    tasks,
    trials,
    done,
    passed,
    errors,
    begun,
    excluded: end?.excluded ?? [],
    error: errorOrNull(error),
  };
}

export const trialSchema = z
  .strictObject({
    name: z.string(),
    task: z.string(),
    agent: z.string(),
    model: z.string().nullable(),
    effort: z.string().nullable(),
    skills: z.string(),
    repetition: z.int(),
    state: z.enum(["open", "begun", "done"]),
    result: z
      .strictObject({
        reward: z.number().nullable(),
        passed: z.boolean().nullable().describe("null without a verdict"),
        rewards: z.record(z.string(), z.number()),
        agentError: errorData.nullable().describe("what ended the agent early"),
        error: errorData.nullable().describe("what kept it from a verdict"),
        retries: count,
        costMicroUsd: count.nullable(),
        tokens: z.strictObject({ input: count, cachedInput: count, output: count }).nullable(),
        startedAt: z.int().nullable(),
        finishedAt: z.int().nullable(),
        runId: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: "EvaluationTrial" });

/** @param result what came of it, where it is done */
export function trialView(
  standing: ReturnType<Jobs["trials"]>[number],
  result: ReturnType<Jobs["result"]>,
) {
  return { ...standing, result: result === undefined ? null : resultView(result) };
}

function resultView(trial: NonNullable<ReturnType<Jobs["result"]>>) {
  const { verdict, retries, costMicroUsd, tokens, startedAt, finishedAt, runId = null } = trial;
  const scored = verdict.kind === "scored" ? verdict : undefined;
  return {
    reward: rewardOf(trial) ?? null,
    passed: passedOf(trial) ?? null,
    rewards: scored?.rewards ?? {},
    agentError: errorOrNull(scored?.agentError ?? null),
    error: errorOrNull(verdict.kind === "error" ? verdict.error : null),
    retries: retries.length,
    costMicroUsd,
    tokens,
    startedAt,
    finishedAt,
    runId,
  };
}

/** A job, a trial or a set as a name: never a path. */
export const plainName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    "Takes letters, digits, dots, dashes and underscores",
  );

export const jobParams = z.strictObject({ job: plainName });
