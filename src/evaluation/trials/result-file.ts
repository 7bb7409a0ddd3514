import { z } from "zod";
import { Agent33Error, type ErrorData } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { toJsonValue } from "../../base/json.ts";
import { harborResult, type HarborResult } from "./harbor-result.ts";
import { type Trial, type TrialStep, trialSchema } from "./trial.ts";

/** The key of a result file under which the whole of our record stands. */
const ownKey = "agent33";

/**
 * What a runner writes as `jobs/JOB/TRIAL/result.json`: Harbor's own form, so that its tools read it,
 * with the whole record beside it.
 */
export function resultFile(trial: Trial): JsonObject {
  const { condition, task, verdict, tokens, phaseMs } = trial;
  const error = verdict.kind === "error" ? verdict.error : verdict.agentError;
  const [provider, ...rest] = (condition.model ?? "").split(/[:/]/);
  const model =
    rest.length === 0
      ? { name: condition.model, provider: null }
      : { name: condition.model?.slice((provider ?? "").length + 1), provider };
  const at = iso(trial.finishedAt ?? trial.startedAt ?? 0);
  const path = task.name;
  return toJsonValue({
    id: trial.id,
    task_name: task.name,
    trial_name: trial.name,
    trial_uri: trial.name,
    task_id: { path },
    source: task.source,
    task_checksum: task.digest ?? "unknown",
    config: {
      task: { path, source: task.source },
      trial_name: trial.name,
      agent: { name: condition.agent, model_name: condition.model },
    },
    agent_info: {
      name: condition.agent,
      version: condition.agentVersion ?? "unknown",
      model_info: condition.model === null ? null : model,
    },
    agent_result: {
      n_input_tokens: tokens?.input,
      n_cache_tokens: tokens?.cachedInput,
      n_output_tokens: tokens?.output,
      cost_usd: trial.costMicroUsd === null ? null : trial.costMicroUsd / 1_000_000,
    },
    verifier_result: verdict.kind === "scored" ? { rewards: verdict.rewards } : null,
    exception_info: error === undefined ? null : exceptionInfo(error, at),
    ...(trial.steps === undefined
      ? {}
      : { step_results: trial.steps.map((step) => stepResult(step, at)) }),
    started_at: iso(trial.startedAt),
    finished_at: iso(trial.finishedAt),
    ...phaseTimes(trial.startedAt, phaseMs),
    [ownKey]: trial,
  }) as JsonObject;
}

function stepResult({ name, rewards, agentError }: TrialStep, at: string | null): JsonObject {
  return {
    step_name: name,
    verifier_result: { rewards },
    exception_info: agentError === undefined ? null : exceptionInfo(agentError, at),
  };
}

function exceptionInfo({ code, message }: ErrorData, at: string | null): JsonObject {
  return {
    exception_type: code,
    exception_message: message,
    exception_traceback: "",
    occurred_at: at,
  };
}

/** Harbor knows phases by when they began and ended; ours follow each other. */
function phaseTimes(startedAt: number | null, phaseMs: Trial["phaseMs"]): JsonObject {
  const named = [
    ["environment_setup", phaseMs.environment],
    ["agent_setup", phaseMs.agentSetup],
    ["agent_execution", phaseMs.agent],
    ["verifier", phaseMs.verifier],
  ] as const;
  let at = startedAt ?? 0;
  const times: Record<string, JsonObject | null> = {};
  for (const [name, took] of named) {
    if (took === undefined) continue;
    times[name] = { started_at: iso(at), finished_at: iso(at + took) };
    at += took;
  }
  return times;
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** What a `result.json` is: a trial of ours or of Harbor, or a whole job's, which is no trial. */
export type ResultContent =
  | { readonly kind: "own"; readonly trial: Trial }
  | { readonly kind: "harbor"; readonly result: HarborResult }
  | { readonly kind: "job"; readonly excluded: readonly ExcludedTask[] };

/** A task of a job that is in none of its scores, and why. */
const excludedTask = z.object({ task: z.string(), reason: z.string() });
export type ExcludedTask = z.infer<typeof excludedTask>;

const ownFile = z.object({ [ownKey]: trialSchema });
const ownMark = z.object({ [ownKey]: z.object({ format: z.string() }) });
/** A job's own result has counts of its trials and no task. */
const jobFile = z.object({
  stats: z.unknown(),
  task_name: z.never().optional(),
  [ownKey]: z.object({ excluded: z.array(excludedTask) }).optional(),
});

/**
 * Reads the text of a `result.json`.
 * @param path for messages
 * @throws Agent33Error `evaluation.result_malformed`, `evaluation.reward_not_a_number`
 */
export function readResult(text: string, path: string): ResultContent {
  const value = parsed(text, path);
  const job = jobFile.safeParse(value);
  if (job.success) return { kind: "job", excluded: job.data[ownKey]?.excluded ?? [] };
  if (ownMark.safeParse(value).success) {
    const own = ownFile.safeParse(value);
    if (own.success) return { kind: "own", trial: own.data[ownKey] };
    throw malformed(path, problemsOf(own.error));
  }
  const harbor = harborResult.safeParse(value);
  if (harbor.success) return { kind: "harbor", result: harbor.data };
  throw malformed(path, problemsOf(harbor.error));
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Python writes these words into JSON; they stand for values in which nothing can be counted.
    const odd = /(?<=[:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/.exec(text);
    if (odd !== null) {
      throw new Agent33Error(
        "evaluation.reward_not_a_number",
        `${path} holds ${odd[0]}, which is no number.`,
        {
          hint: "See what the verifier wrote; a trial without a reward has no entry for it.",
          cause,
        },
      );
    }
    throw malformed(path, "it is no JSON", cause);
  }
}

function problemsOf(error: z.ZodError): string {
  const [first, ...others] = error.issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "the whole"}: ${message}`,
  );
  return `${first ?? "unknown"}${others.length === 0 ? "" : ` (and ${others.length} more)`}`;
}

function malformed(path: string, what: string, cause?: unknown): Agent33Error {
  return new Agent33Error(
    "evaluation.result_malformed",
    `${path} is no result of a trial: ${what}.`,
    {
      hint: "Take the file away, or write it as Harbor or this program does.",
      cause,
    },
  );
}
