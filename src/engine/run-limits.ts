import type { AgentDefinition } from "../agents/definition.ts";
import { limitNames, type RunLimits } from "../agents/limits.ts";
import type { Config } from "../config/config.ts";
import type { Route } from "./routing.ts";

/**
 * Each limit: what was asked for with a flag; else, where both the settings and the agent (or the
 * task) say something, the stricter; else whichever says something; else the default.
 * @param taskMs how long the task gives its agent, where it says so
 */
export function limitsOf(
  config: Config,
  agent: AgentDefinition,
  taskMs: number | undefined,
): RunLimits {
  const { limits } = config.settings;
  const taskSeconds = taskMs === undefined ? undefined : Math.ceil(taskMs / 1_000);
  const chosen: Record<keyof RunLimits, number> = { ...limits };
  for (const name of limitNames) {
    const { layer } = config.originOf(`limits.${name}`);
    if (layer === "flag") continue;
    const stated = [
      ...(layer === "default" ? [] : [limits[name]]),
      ...(agent.limits[name] === undefined ? [] : [agent.limits[name]]),
      ...(name === "maxSeconds" && taskSeconds !== undefined ? [Math.max(1, taskSeconds)] : []),
    ];
    if (stated.length > 0) chosen[name] = Math.min(...stated);
  }
  return chosen;
}

/** One turn, and one for each time that the answer has to be mended. */
export function limitsOnce(limits: RunLimits): RunLimits {
  return { ...limits, maxSteps: Math.min(limits.maxSteps, limits.maxChecks) };
}

/** A tier may allow a run fewer tokens than its limits. */
export function withinTier(limits: RunLimits, { maxTokens }: Pick<Route, "maxTokens">): RunLimits {
  if (maxTokens === undefined) return limits;
  return { ...limits, maxTokens: Math.min(limits.maxTokens, maxTokens) };
}

/** Who limits money wants to know what is spent; the limit that nobody set stays out of it. */
export function refusesUnpriced(config: Config, agents: readonly AgentDefinition[]) {
  const isSaid =
    config.originOf("limits.maxCostMicroUsd").layer !== "default" ||
    agents.some(({ limits }) => limits.maxCostMicroUsd !== undefined);
  return isSaid && config.settings.unpriced === "refuse" ? { refusesUnpriced: true } : {};
}
