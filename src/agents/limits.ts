import { z } from "zod";
import type { StopReason } from "../events/event.ts";
import type { RunState } from "./state.ts";
import { usualStuckTurns } from "./stuck/thresholds.ts";

const count = z.int().positive();

/** What each limit bounds. */
const limitTypes = {
  maxSteps: count.describe("model turns"),
  maxToolCallsPerStep: count.describe("tool calls that one turn may ask for"),
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

/** The first limit that an agent has reached, if any. */
export function reachedLimit(
  limits: RunLimits,
  totals: RunState["totals"],
  activeMs: number,
): LimitReached | undefined {
  const used = [
    ["steps", limits.maxSteps, totals.turns],
    ["tokens", limits.maxTokens, usedTokens(totals)],
    ["cost", limits.maxCostMicroUsd, totals.costMicroUsd],
    ["time", limits.maxSeconds, activeMs / 1_000],
  ] as const;
  for (const [limit, allowed, amount] of used) {
    if (amount >= allowed) return { reason: "limit", limit, allowed };
  }
  return undefined;
}
