import type { AgentDefinition } from "./definition.ts";
import { limitNames, type RunLimits } from "./limits.ts";
import type { ScopedRun } from "./scoped-run.ts";

/**
 * The limits of an agent that begins to work for another: its own, and never more than is left of
 * those of all the agents above it.
 */
export function childLimits(run: ScopedRun, { limits }: AgentDefinition): RunLimits {
  const { maxDepth, maxSubagents, ...left } = run.left();
  const most: RunLimits = { ...left, maxDepth: maxDepth - 1, maxSubagents: maxSubagents - 1 };
  const bounded = limitNames.map((name) => [
    name,
    Math.min(most[name], limits[name] ?? Number.POSITIVE_INFINITY),
  ]);
  return Object.fromEntries(bounded) as RunLimits;
}
