import { z } from "zod";
import type { StopReason, StoredEvent } from "../events/event.ts";
import { activeMs, type RunState } from "./state.ts";
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

/** What is left of the run's time; 0 or less when it is over. Milliseconds. */
export function timeLeftMs(limits: RunLimits, events: readonly StoredEvent[], now: number): number {
  return limits.maxSeconds * 1_000 - activeMs(events, now);
}

/** The first limit that the run has reached, if any. */
export function reachedLimit(
  limits: RunLimits,
  state: RunState,
  activeMs: number,
): LimitReached | undefined {
  const { totals } = state;
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
