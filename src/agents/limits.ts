import { z } from "zod";
import type { ErrorData } from "../base/errors.ts";
import type { StopReason, StoredEvent } from "../events/event.ts";
import type { RunState } from "./state.ts";
import { usualStuckTurns } from "./stuck/thresholds.ts";

const count = z.int().positive();

/** What each limit bounds. */
const limitTypes = {
  maxSteps: count.describe("model turns"),
  maxToolCallsPerStep: count.describe(
    "tool calls that run of one turn; asking for more in two turns in a row ends the work",
  ),
  maxTokens: count.describe("input and output tokens over the whole run"),
  maxCostMicroUsd: count.describe("money, in millionths of a US dollar"),
  maxSeconds: count.describe("time that the run is active"),
  maxChecks: count.describe("times that the agent may say that it is done, and be checked"),
  maxStuckTurns: z.int().min(4).describe("turns that the run may go in circles"),
  maxDepth: z.int().min(0).describe("levels of agents that may work below it, one for another"),
  maxSubagents: z.int().min(0).describe("times that work may be handed to another agent"),
};

/** Hard limits of one run, checked before each model call. */
export const runLimitsSchema = z.strictObject({
  maxSteps: limitTypes.maxSteps.default(40),
  maxToolCallsPerStep: limitTypes.maxToolCallsPerStep.default(16),
  maxTokens: limitTypes.maxTokens.default(2_000_000),
  maxCostMicroUsd: limitTypes.maxCostMicroUsd.default(5_000_000),
  maxSeconds: limitTypes.maxSeconds.default(1_800),
  maxChecks: limitTypes.maxChecks.default(3),
  maxStuckTurns: limitTypes.maxStuckTurns.default(usualStuckTurns),
  maxDepth: limitTypes.maxDepth.default(2),
  maxSubagents: limitTypes.maxSubagents.default(8),
});
export type RunLimits = z.infer<typeof runLimitsSchema>;

/** Limits as an agent definition states them: only what it says, no defaults. */
export const someLimitsSchema = z.strictObject(limitTypes).partial();

export const limitNames = Object.keys(limitTypes) as readonly (keyof RunLimits)[];

/** All tokens that a run has used, those of failed turns included. */
export function usedTokens(totals: RunState["totals"]): number {
  return totals.inputTokens + totals.outputTokens + totals.failedTokens;
}

export type LimitReached = Extract<StopReason, { reason: "limit" }>;

/**
 * How much of a limit of tokens or money is for work. A tenth is kept, so that the closing turn is
 * within the limit too.
 */
export function forWork(limit: number): number {
  return Math.floor(limit * 0.9);
}

/** The first limit that an agent has reached, if any. */
export function reachedLimit(
  limits: RunLimits,
  totals: RunState["totals"],
  activeMs: number,
): LimitReached | undefined {
  const { maxSteps, maxTokens, maxCostMicroUsd, maxSeconds } = limits;
  if (totals.turns >= maxSteps) return limitReached("steps", limits);
  if (usedTokens(totals) >= forWork(maxTokens)) return limitReached("tokens", limits);
  if (totals.costMicroUsd >= forWork(maxCostMicroUsd)) return limitReached("cost", limits);
  if (activeMs >= maxSeconds * 1_000) return limitReached("time", limits);
  return undefined;
}

/** What a budget calls the limits of a run. */
const budgetNames = new Map<unknown, LimitReached["limit"]>([
  ["tokens", "tokens"],
  ["costMicroUsd", "cost"],
  ["milliseconds", "time"],
  ["calls", "steps"],
]);

/** The limit that a call did not fit into; undefined where it failed of something else. */
export function limitRefused(limits: RunLimits, error: ErrorData): LimitReached | undefined {
  if (error.code !== "boundary.budget_exceeded") return undefined;
  return limitReached(budgetNames.get(error.details?.["budgetLimit"]) ?? "tokens", limits);
}

/** The limit that kept an agent's last turn from being asked for, where one did. */
export function limitMet(
  limits: RunLimits,
  events: readonly StoredEvent[],
  throughSeq: number,
): LimitReached | undefined {
  const last = events.findLast(
    ({ type, seq }) => seq <= throughSeq && (type === "turn.completed" || type === "turn.failed"),
  );
  return last?.type === "turn.failed" ? limitRefused(limits, last.error) : undefined;
}

/**
 * The limit of calls in one turn, where an agent has asked for more of them, was told so, and has
 * asked for more in its next turn that calls tools too.
 * @param events of the agent alone
 */
export function tooManyCalls(
  limits: RunLimits,
  events: readonly StoredEvent[],
  throughSeq: number,
): LimitReached | undefined {
  let over = 0;
  for (const event of events.toReversed()) {
    if (event.type !== "turn.completed" || event.seq > throughSeq) continue;
    const calls = event.parts.filter(({ type }) => type === "tool_call").length;
    if (calls === 0) continue;
    if (calls <= limits.maxToolCallsPerStep) return undefined;
    over += 1;
    if (over === 2) return limitReached("tool_calls_per_step", limits);
  }
  return undefined;
}

/** A limit as a reason to stop. */
export function limitReached(limit: LimitReached["limit"], limits: RunLimits): LimitReached {
  const allowed = {
    steps: limits.maxSteps,
    tool_calls_per_step: limits.maxToolCallsPerStep,
    tokens: limits.maxTokens,
    cost: limits.maxCostMicroUsd,
    time: limits.maxSeconds,
  };
  return { reason: "limit", limit, allowed: allowed[limit] };
}
