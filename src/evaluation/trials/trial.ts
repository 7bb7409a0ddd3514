import { z } from "zod";
import { effort, errorData } from "../../events/event-fields.ts";

const micros = z.int().nonnegative();
const milliseconds = z.number().nonnegative();
const tokens = z.int().nonnegative();
/** SHA-256 or what another runner uses; compared as text. */
const digest = z.string().min(1);

/**
 * What was tried. Trials of the same condition are repetitions of each other; two conditions are what
 * a comparison compares.
 */
const condition = z.strictObject({
  agent: z.string().min(1),
  agentVersion: z.string().exactOptional(),
  /** Null where no model was asked, or it is not known. */
  model: z.string().min(1).nullable(),
  effort: effort.exactOptional(),
  /** How the agent came by skills, in a word: `none`, `task`, `matched`; free. */
  skills: z.string().min(1).exactOptional(),
});
export type Condition = z.infer<typeof condition>;

/** What makes a trial a passed one: that reward, at least. */
const passRule = z.strictObject({ reward: z.string().min(1), atLeast: z.number() });
export type PassRule = z.infer<typeof passRule>;

/** As the hidden tests of a run are judged: a reward of 1 or more. */
export const usualPassRule: PassRule = { reward: "reward", atLeast: 1 };

/** Where the time went. */
export const phases = ["environment", "agentSetup", "agent", "verifier"] as const;
export type Phase = (typeof phases)[number];

/** What kept a trial from a verdict. It is no verdict, and never a zero. */
export const infrastructureErrorSchema = z.strictObject({
  phase: z.enum(phases).nullable(),
  ...errorData.shape,
});
export type InfrastructureError = z.infer<typeof infrastructureErrorSchema>;

const verdict = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("scored"),
    /** Every number that the verifier gave. */
    rewards: z.record(z.string(), z.number()).readonly(),
    /** What ended the agent early; the verifier judged what it had left. */
    agentError: errorData.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("error"), error: infrastructureErrorSchema }),
]);

/** How one step of a task of several went. What a step was not begun for stands in the one before it. */
const trialStep = z.strictObject({
  name: z.string().min(1),
  rewards: z.record(z.string(), z.number()).readonly(),
  agentError: errorData.exactOptional(),
});
export type TrialStep = z.infer<typeof trialStep>;

/** Whether a path is one below a folder, whatever wrote it. */
function staysInside(path: string): boolean {
  return !/^(?:[\\/]|[A-Za-z][A-Za-z0-9+.-]*:)/.test(path) && !path.split(/[\\/]/).includes("..");
}

/** A file that the trial left; the path is relative to the trial's folder. */
const artefact = z.strictObject({
  name: z.string().min(1),
  path: z.string().min(1).refine(staysInside, "leads out of the trial's folder"),
  contentType: z.string().min(1),
});
export type Artefact = z.infer<typeof artefact>;

/**
 * One trial: one attempt at one task under one condition, with a verdict or the reason why there is
 * none. What a runner writes, and what reports read.
 */
export const trialSchema = z.strictObject({
  format: z.literal("agent33-trial/1"),
  id: z.string().min(1),
  /** The name of its folder. */
  name: z.string().min(1),
  task: z.strictObject({
    name: z.string().min(1),
    /** The set that it is of. */
    source: z.string().min(1).nullable(),
    /** Over all its files: results of two digests are not results of one task. */
    digest: digest.nullable(),
  }),
  condition,
  /** Who worked: an agent, the task's own solution, nobody, or a replay of an earlier run. */
  attempt: z.enum(["agent", "oracle", "nop", "replay"]),
  passRule,
  verdict,
  /** The steps that were judged, in their order; absent where the task is one step. */
  steps: z.array(trialStep).readonly().exactOptional(),
  /** What was tried before in the same trial and failed by the infrastructure; retries are no trials. */
  retries: z.array(infrastructureErrorSchema).readonly(),
  /** Null where it is not known, never 0 for that. Micro-USD. */
  costMicroUsd: micros.nullable(),
  tokens: z
    .strictObject({ input: tokens, cachedInput: tokens, output: tokens })
    .readonly()
    .nullable(),
  /** Milliseconds since the Unix epoch; null where it is not known. */
  startedAt: z.int().nullable(),
  finishedAt: z.int().nullable(),
  /** Milliseconds; a phase that was not reached is absent. */
  phaseMs: z.partialRecord(z.enum(phases), milliseconds).readonly(),
  /** What else the result hangs on, by name: environment, skills, agent, settings. */
  digests: z.record(z.string(), digest).readonly(),
  /** The run whose log has the rest, where this engine made it. */
  runId: z.string().exactOptional(),
  artefacts: z.array(artefact).readonly(),
});
export type Trial = z.infer<typeof trialSchema>;

/** The reward that the rule asks for, or nothing where the verifier gave none of that name. */
export function rewardOf({ verdict, passRule }: Trial): number | undefined {
  return verdict.kind === "scored" ? verdict.rewards[passRule.reward] : undefined;
}

/** Whether it passed; undefined where there is no verdict. */
export function passedOf(trial: Trial): boolean | undefined {
  const reward = rewardOf(trial);
  return reward === undefined ? undefined : reward >= trial.passRule.atLeast;
}

/** How people tell conditions apart. */
export function conditionName({ agent, agentVersion, model, effort, skills }: Condition): string {
  return [
    agentVersion === undefined ? agent : `${agent}@${agentVersion}`,
    model ?? "no model",
    ...(effort === undefined ? [] : [`effort ${effort}`]),
    ...(skills === undefined ? [] : [`skills ${skills}`]),
  ].join(" · ");
}
