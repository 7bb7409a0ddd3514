import { isGiven } from "../../base/given.ts";
import { z } from "zod";
import { efforts } from "../../base/effect.ts";
import { Agent33Error, type ErrorData } from "../../base/errors.ts";
import { type Condition, type InfrastructureError, type Trial, usualPassRule } from "./trial.ts";

/**
 * A trial's `result.json` as Harbor 0.13 writes it (`harbor/models/trial/result.py`). Only what is
 * used is looked at, and leniently: other versions have other fields.
 */
const timing = z
  .object({ started_at: z.string().nullish(), finished_at: z.string().nullish() })
  .nullish();
const agentResult = z
  .object({
    n_input_tokens: z.int().nonnegative().nullish(),
    n_cache_tokens: z.int().nonnegative().nullish(),
    n_output_tokens: z.int().nonnegative().nullish(),
    cost_usd: z.number().nonnegative().nullish(),
  })
  .nullish();
export const harborResult = z.object({
  id: z.string().min(1).nullish(),
  task_name: z.string().min(1),
  trial_name: z.string().min(1),
  source: z.string().min(1).nullish(),
  task_checksum: z.string().min(1).nullish(),
  config: z
    .object({
      agent: z
        .object({
          skills: z.array(z.unknown()).nullish(),
          kwargs: z.object({ reasoning_effort: z.unknown() }).partial().nullish(),
        })
        .nullish(),
    })
    .nullish(),
  agent_info: z
    .object({
      name: z.string().min(1),
      version: z.string().min(1).nullish(),
      model_info: z
        .object({ name: z.string().min(1), provider: z.string().min(1).nullish() })
        .nullish(),
    })
    .nullish(),
  agent_result: agentResult,
  verifier_result: z.object({ rewards: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  exception_info: z
    .object({ exception_type: z.string(), exception_message: z.string().nullish() })
    .nullish(),
  started_at: z.string().nullish(),
  finished_at: z.string().nullish(),
  environment_setup: timing,
  agent_setup: timing,
  agent_execution: timing,
  verifier: timing,
  step_results: z.array(z.object({ agent_result: agentResult })).nullish(),
});
export type HarborResult = z.infer<typeof harborResult>;

/**
 * A trial of Harbor as one of ours. What has a reward has a verdict, also after an agent's timeout,
 * as Harbor has it; what has none is an error and not a zero, which Harbor makes of it.
 * @param artefacts what was found in the trial's folder
 */
export function trialOfHarbor(result: HarborResult, artefacts: Trial["artefacts"]): Trial {
  const { agent_info: agent, config } = result;
  const rewards = numbersOf(result.verifier_result?.rewards ?? {});
  const names = Object.keys(rewards);
  // A verifier with one reward of another name means that one.
  const [only] = names;
  const reward = names.includes("reward") || names.length !== 1 ? "reward" : (only ?? "reward");
  const error = !isGiven(result.exception_info) ? undefined : exceptionOf(result.exception_info);
  const contexts = !isGiven(result.agent_result)
    ? (result.step_results ?? []).map((step) => step.agent_result)
    : [result.agent_result];
  const startedAt = timeOf(result.started_at);
  const finishedAt = timeOf(result.finished_at);
  return {
    format: "agent33-trial/1",
    id: result.id ?? `${result.task_name}/${result.trial_name}/${result.started_at ?? ""}`,
    name: result.trial_name,
    task: {
      name: result.task_name,
      source: result.source ?? null,
      digest: result.task_checksum ?? null,
    },
    condition: conditionOf(agent, config),
    attempt: attemptOf(agent?.name),
    passRule: { ...usualPassRule, reward },
    verdict:
      rewards[reward] === undefined
        ? { kind: "error", error: { phase: phaseOf(result), ...(error ?? rewardMissing()) } }
        : { kind: "scored", rewards, ...(error === undefined ? {} : { agentError: error }) },
    retries: [],
    costMicroUsd: micros(sumKnown(contexts.map((one) => one?.cost_usd))),
    tokens: tokensOf(contexts),
    startedAt,
    finishedAt,
    phaseMs: phaseTimes(result),
    digests: {},
    artefacts,
  };
}

function conditionOf(agent: HarborResult["agent_info"], config: HarborResult["config"]): Condition {
  const model = agent?.model_info;
  const effort = efforts.find((known) => known === config?.agent?.kwargs?.reasoning_effort);
  return {
    agent: agent?.name ?? "unknown",
    ...(!isGiven(agent?.version) || agent.version === "unknown"
      ? {}
      : { agentVersion: agent.version }),
    model: !isGiven(model)
      ? null
      : [model.provider, model.name].filter((part) => isGiven(part)).join("/"),
    ...(effort === undefined ? {} : { effort }),
    ...((config?.agent?.skills ?? []).length === 0 ? {} : { skills: "given" }),
  };
}

function attemptOf(agent: string | undefined): Trial["attempt"] {
  return agent === "oracle" || agent === "nop" ? agent : "agent";
}

/** @throws Agent33Error `evaluation.reward_not_a_number` */
function numbersOf(rewards: Readonly<Record<string, unknown>>): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(rewards)) {
    if (value === null || value === undefined) continue;
    if (typeof value !== "number" || !Number.isFinite(value)) throw notANumber(name, value);
    numbers[name] = value;
  }
  return numbers;
}

function notANumber(name: string, value: unknown): Agent33Error {
  return new Agent33Error(
    "evaluation.reward_not_a_number",
    `The reward "${name}" is ${JSON.stringify(value)}, which is no number.`,
    { hint: "See what the verifier wrote; a trial without a reward has no entry for it." },
  );
}

function exceptionOf({
  exception_type: type,
  exception_message: message,
}: NonNullable<HarborResult["exception_info"]>): ErrorData {
  return new Agent33Error("evaluation.harbor_exception", `${type}: ${message ?? ""}`.trim(), {
    hint: "Read exception.txt and trial.log in the trial's folder.",
    details: { type },
  }).toJSON();
}

function rewardMissing(): ErrorData {
  return new Agent33Error("evaluation.reward_missing", "The verifier gave no reward.", {
    hint: "Read the verifier's output: it ended before it could give a verdict.",
  }).toJSON();
}

/** The last phase that was reached is the one that failed. */
function phaseOf(result: HarborResult): InfrastructureError["phase"] {
  if (isGiven(result.verifier)) return "verifier";
  if (isGiven(result.agent_execution)) return "agent";
  if (isGiven(result.agent_setup)) return "agentSetup";
  return !isGiven(result.environment_setup) ? null : "environment";
}

/** Harbor's times may lack a zone; they are all of one machine, and are read as UTC. */
function timeOf(text: string | null | undefined): number | null {
  if (!isGiven(text)) return null;
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time) ? null : time;
}

function phaseTimes(result: HarborResult): Trial["phaseMs"] {
  const named = [
    ["environment", result.environment_setup],
    ["agentSetup", result.agent_setup],
    ["agent", result.agent_execution],
    ["verifier", result.verifier],
  ] as const;
  return Object.fromEntries(
    named.flatMap(([phase, times]) => {
      const [from, to] = [timeOf(times?.started_at), timeOf(times?.finished_at)];
      return from === null || to === null || to < from ? [] : [[phase, to - from]];
    }),
  );
}

/** What is known, together; null where nothing is. */
function sumKnown(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => isGiven(value));
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

const micros = (usd: number | null): number | null =>
  usd === null ? null : Math.round(usd * 1_000_000);

function tokensOf(contexts: readonly HarborResult["agent_result"][]): Trial["tokens"] {
  const input = sumKnown(contexts.map((one) => one?.n_input_tokens));
  const output = sumKnown(contexts.map((one) => one?.n_output_tokens));
  if (input === null && output === null) return null;
  const cachedInput = sumKnown(contexts.map((one) => one?.n_cache_tokens)) ?? 0;
  return { input: input ?? 0, cachedInput, output: output ?? 0 };
}
