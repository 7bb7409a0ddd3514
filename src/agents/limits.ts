import { z } from "zod";
import type { StopReason, StoredEvent } from "../events/event.ts";
import { activeMs, type RunState } from "./state.ts";

/** Hard limits of one run, checked before each model call. */
export const runLimitsSchema = z.strictObject({
  maxSteps: z.int().positive().default(40).describe("model turns"),
  maxToolCallsPerStep: z
    .int()
    .positive()
    .default(16)
    .describe("tool calls that one turn may ask for"),
  maxTokens: z
    .int()
    .positive()
    .default(2_000_000)
    .describe("input and output tokens over the whole run"),
  maxCostMicroUsd: z
    .int()
    .positive()
    .default(5_000_000)
    .describe("money, in millionths of a US dollar"),
  maxSeconds: z.int().positive().default(1_800).describe("time that the run is active"),
  maxChecks: z
    .int()
    .positive()
    .default(3)
    .describe("times that the visible check may send the agent back"),
});
export type RunLimits = z.infer<typeof runLimitsSchema>;

export type LimitReached = Extract<StopReason, { reason: "limit" }>;

/** What is left of the run's time, at least 1. Milliseconds. */
export function timeLeftMs(limits: RunLimits, events: readonly StoredEvent[], now: number): number {
  return Math.max(1, limits.maxSeconds * 1_000 - activeMs(events, now));
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
    ["tokens", limits.maxTokens, totals.inputTokens + totals.outputTokens],
    ["cost", limits.maxCostMicroUsd, totals.costMicroUsd],
    ["time", limits.maxSeconds, activeMs / 1000],
  ] as const;
  for (const [limit, allowed, amount] of used) {
    if (amount >= allowed) return { reason: "limit", limit, allowed };
  }
  return undefined;
}
