import { z } from "zod";
import { efforts } from "../base/effect.ts";
import type { JsonValue } from "../base/json.ts";

// zod's own JSON type has mutable arrays; what comes out of here is never changed.
const json = z.json() as unknown as z.ZodType<JsonValue>;
/** An object of any JSON. */
export const jsonObject = z.record(z.string(), json).readonly();

/** An error as logs keep it. */
export const errorData = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().exactOptional(),
  retryable: z.boolean(),
  details: jsonObject.exactOptional(),
  cause: z.string().exactOptional(),
});

const providerMetadata = z.record(z.string(), jsonObject);
/** One part of what a model answered. */
export const assistantPart = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("text"),
    text: z.string(),
    providerMetadata: providerMetadata.exactOptional(),
  }),
  z.object({
    type: z.literal("reasoning"),
    text: z.string(),
    providerMetadata: providerMetadata.exactOptional(),
  }),
  z.object({
    type: z.literal("tool_call"),
    toolCallId: z.string(),
    toolName: z.string(),
    argumentsText: z.string(),
    providerMetadata: providerMetadata.exactOptional(),
  }),
]);

/** The tokens of one answer. */
export const usage = z.object({
  inputTokens: z.int().nonnegative(),
  cachedInputTokens: z.int().nonnegative(),
  cacheWriteTokens: z.int().nonnegative().exactOptional(),
  outputTokens: z.int().nonnegative(),
  reasoningTokens: z.int().nonnegative(),
  estimated: z.boolean(),
});

/** What policy said of a call. */
export const decision = z.object({
  effect: z.enum(["allow", "ask", "deny"]),
  ruleId: z.string(),
  reason: z.string().exactOptional(),
});

/** A skill as it was when it was loaded: what it says then holds, however its files change. */
export const loadedSkill = {
  name: z.string(),
  digest: z.string(),
  /** Absent where the skill does not limit what is called. */
  allowedTools: z.array(z.string()).readonly().exactOptional(),
  disallowedTools: z.array(z.string()).readonly(),
  approvalTools: z.array(z.string()).readonly(),
};

/** How hard a model thinks. */
export const effort = z.enum(efforts);
const spread = z.object({ p50: z.number().nonnegative(), p90: z.number().nonnegative() });
/** What a run is expected to use, and whether earlier runs say so or it is assumed. */
export const estimate = z.object({
  tokens: spread,
  /** Null where the model has no known price. */
  costMicroUsd: spread.nullable(),
  basis: z.enum(["history", "prior"]),
  /** Earlier runs of the same agent, tier and model. */
  runs: z.int().nonnegative(),
});
/** One attempt at what a run is for, which is a run of its own. */
export const attemptSummary = z.object({
  runId: z.string(),
  effort: z.enum(efforts),
  model: z.string(),
  outcome: z.string(),
  tokens: z.int().nonnegative(),
  costMicroUsd: z.int().nonnegative(),
  unpricedCalls: z.int().nonnegative(),
  durationMs: z.number().nonnegative(),
  /** Where what it left in the workspace is kept; null where it is there still, or there is none. */
  keptWorkspace: z.string().nullable(),
});
/** That a budget has come to a share of one of its limits: once in its period, over all processes. */
export const budgetReached = {
  /** `run` for the limits of the run, or of the agent that the event is of. */
  budget: z.string(),
  limit: z.enum(["costMicroUsd", "tokens", "calls", "milliseconds"]),
  percent: z.literal([50, 80, 95, 100]),
  used: z.number(),
  allowed: z.number(),
};
/** Several attempts and what they cost together. */
export const attempts = z.object({
  each: z.array(attemptSummary).readonly(),
  costMicroUsd: z.int().nonnegative(),
  unpricedCalls: z.int().nonnegative(),
});
/** Whether a failed attempt is made again one tier up, and why. */
export const escalation = {
  escalates: z.boolean(),
  reason: z.string(),
  from: z.enum(efforts),
  /** The next attempt. */
  to: z.object({ runId: z.string(), effort: z.enum(efforts), model: z.string() }).nullable(),
  /** What it is taken to need, and what is left of the run's limits; null where nothing was weighed. */
  needs: z
    .object({
      tokens: z.number(),
      costMicroUsd: z.number(),
      basis: z.enum(["history", "reserve"]),
    })
    .nullable(),
  left: z.object({ tokens: z.number(), costMicroUsd: z.number() }).nullable(),
};
/** How a run's tier was chosen. */
export const routing = z.object({
  enabled: z.boolean(),
  reasons: z.array(z.string()).readonly(),
  confidence: z.number().nullable(),
  domain: z.string().nullable(),
  modelSource: z.enum(["request", "task", "tier", "settings"]),
  /** Absent without routing. */
  estimate: estimate.exactOptional(),
});
/** Whether an agent has one turn without tools, or works until it is done. */
export const runModes = ["iterative", "once"] as const;
export type RunMode = (typeof runModes)[number];
/** What a run can come to. */
export const runOutcomes = ["verified", "unverified", "refuted", "failed", "cancelled"] as const;
/** One of them. */
export const outcome = z.enum(runOutcomes);

/** How a person speaks to an agent at work: to steer it now, or for when it would stop. */
export const personTopics = ["steering", "follow_up"] as const;
export type PersonTopic = (typeof personTopics)[number];

/** How a run can go in circles. */
export const stuckKinds = [
  "repeat",
  "same_error",
  "ping_pong",
  "polling",
  "monologue",
  "error_storm",
  "condensation",
] as const;
/** One of them. */
export const stuckKind = z.enum(stuckKinds);
/** Which loop, how many turns long, and the events that show it. */
export const stuckLoop = {
  kind: stuckKind,
  turns: z.int().positive(),
  evidence: z.array(z.int().positive()).readonly(),
};

/** Why a run stopped. `limit` says which one. */
export const stop = z.discriminatedUnion("reason", [
  z.object({ reason: z.literal("done") }),
  z.object({
    reason: z.literal("limit"),
    limit: z.enum(["steps", "tool_calls_per_step", "tokens", "cost", "time"]),
    allowed: z.number(),
  }),
  z.object({ reason: z.literal("stuck"), ...stuckLoop }),
  z.object({ reason: z.literal("denied"), error: errorData }),
  /** A person spoke to the run, whose own agent decides how to go on: only those that work for it. */
  z.object({ reason: z.literal("steered") }),
  z.object({
    reason: z.literal("cancelled"),
    /** Nobody cancelled it: the trial that it is part of is gone, with its environment. */
    abandoned: z.literal(true).exactOptional(),
  }),
  z.object({ reason: z.literal("error"), error: errorData }),
]);

/** A file that is not what it was before the run. */
export const fileChange = z.object({
  path: z.string(),
  change: z.enum(["added", "modified", "deleted"]),
  bytes: z.int().nonnegative(),
});

/** What a run used. */
export const totals = z.object({
  turns: z.int().nonnegative(),
  toolCalls: z.int().nonnegative(),
  inputTokens: z.int().nonnegative(),
  cachedInputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  /** Tokens of turns that failed. */
  failedTokens: z.int().nonnegative(),
  /** Sum of what is priced, in micro-USD. */
  costMicroUsd: z.int().nonnegative(),
  /** Calls whose model has no known price; they are not in the sum. */
  unpricedCalls: z.int().nonnegative(),
  durationMs: z.number().nonnegative(),
});

/** Why a replay answers with the log's result instead of making a call. */
export const fromLogReasons = [
  /** It is the answer of an agent whose own calls are replayed. */
  "agent",
  /** It would change something outside the scratch copy. */
  "outside",
  /** It was refused before it was made. */
  "refused",
  /** Nobody approved it then. */
  "not_approved",
  /** Its tool asked a person, whose answer the log does not keep. */
  "answered",
  /** Whether it was done then is not known. */
  "unknown",
  /** Its arguments hold a secret, which the log does not keep. */
  "secret",
  /** The policy asks about it now, and only a live replay asks. */
  "unasked",
  /** Asked about it now, a person said no. */
  "declined",
] as const;

/** What a request that did not fit was, and what it should have fit into, where that is known. In tokens. */
export const overflow = z.object({
  inputTokens: z.int().nonnegative().exactOptional(),
  contextTokens: z.int().nonnegative().exactOptional(),
});

/** Fields of every event that is kept. */
export const stored = {
  seq: z.int().positive(),
  runId: z.string(),
  /** Milliseconds since the Unix epoch. */
  at: z.int(),
};

/**
 * Which agent of the run it belongs to: `3.1` is the one that call 1 of turn 3 handed work to,
 * `3.1/2.0` one that works for that. Absent: the run's own agent.
 */
export const scoped = { agentPath: z.string().exactOptional() };

/** Tokens and money that one call used; `costMicroUsd` null means unpriced, never 0. */
export const cost = z.int().nonnegative().nullable();

/** What came of a question to the model that is no turn of an agent. */
export const aside = {
  text: z.string(),
  usage,
  costMicroUsd: cost,
  decision,
  durationMs: z.number().nonnegative(),
  callId: z.string(),
};
/** That such a question failed. */
export const failedAside = {
  error: errorData,
  /** What it used all the same; an upper bound where the provider's count was lost. */
  tokens: z.int().nonnegative(),
  costMicroUsd: cost,
  durationMs: z.number().nonnegative(),
  /** Earlier logs do not say. */
  callId: z.string().exactOptional(),
};
