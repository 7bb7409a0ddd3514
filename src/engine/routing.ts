import { resolve } from "node:path";
import { type EffortChoice, tierOutputs } from "../agents/effort.ts";
import type { AgentDefinition } from "../agents/definition.ts";
import { agentReference } from "../agents/definition.ts";
import { routeEffort } from "../agents/routing/decision.ts";
import { type Estimate, estimateRun } from "../agents/routing/estimate.ts";
import type { Effort } from "../base/effect.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { Settings } from "../config/schema.ts";
import type { RunMode, RunRouting } from "../events/event.ts";
import { loadPrices } from "../models/prices.ts";
import type { ModelInfo } from "../models/model.ts";
import type { EngineStore } from "./tenant-store.ts";

/** What a run is routed by. */
export interface RouteQuestion {
  readonly effort: string | undefined;
  readonly domain: string | undefined;
  readonly agent: AgentDefinition;
  readonly mode: RunMode;
  /** The task's words, or the inputs. */
  readonly work: () => unknown;
}

/** The model of a run as it was asked for, where it was; the tier's and the settings' come after it. */
export interface NamedModel {
  readonly model: string;
  readonly source: "request" | "task";
}

/** A tier of effort with everything that a run of it gets. */
export interface Tier {
  readonly effort: EffortChoice;
  /** Undefined where neither somebody nor the settings name one. */
  readonly model: string | undefined;
  readonly modelSource: RunRouting["modelSource"];
  readonly baseUrl: string | null;
  /** Input and output tokens of a whole run. */
  readonly maxTokens?: number;
}

export interface Route extends Tier {
  readonly note: RunRouting;
  readonly notices: readonly string[];
}

/**
 * Chooses tier and model of a run. A model that somebody named wins over the tier's.
 * @throws Agent33Error `agents.unknown_effort`, `agents.unknown_tenant`, `agents.unknown_domain`
 */
export function routeRun(
  question: RouteQuestion,
  named: NamedModel | undefined,
  config: Config,
): Route {
  const { settings } = config;
  const { routing, tenant } = settings;
  const { effort, domain, agent, work } = question;
  const decided = routeEffort(
    { effort, tenant, domain, agentEffort: agent.effort, work },
    routing,
    { effort: settings.effort, source: config.originOf("effort").layer },
  );
  const tier = tierFor(decided.effort, decided.source, named, settings);
  return {
    ...tier,
    note: {
      enabled: routing.enabled,
      reasons: decided.reasons,
      confidence: decided.confidence,
      domain: decided.domain,
      modelSource: tier.modelSource,
    },
    notices:
      domain === undefined || routing.enabled
        ? []
        : [`Routing is off, so the domain ${domain} changes nothing.`],
  };
}

/** What a run of a tier gets by the settings. */
export function tierFor(
  effort: Effort,
  source: string,
  named: NamedModel | undefined,
  settings: Settings,
): Tier {
  const { routing } = settings;
  const choice = { effort, source, ...tierOutputs(routing)[effort] };
  const plain = { effort: choice, baseUrl: settings.baseUrl ?? null };
  if (!routing.enabled) {
    const { model = settings.model, source: modelSource = "settings" } = named ?? {};
    return { ...plain, model, modelSource };
  }
  const { model, baseUrl, maxTokens } = routing.tiers[effort];
  const most = maxTokens === undefined ? {} : { maxTokens };
  if (named !== undefined) {
    return { ...plain, ...most, model: named.model, modelSource: named.source };
  }
  if (model === undefined) {
    return { ...plain, ...most, model: settings.model, modelSource: "settings" };
  }
  return { effort: choice, ...most, model, modelSource: "tier", baseUrl: baseUrl ?? plain.baseUrl };
}

/** A script's path from anywhere: the run may be resumed from another folder. */
export function atHome(model: string, cwd: string): string {
  const path = /^scripted:(?<path>.+)$/.exec(model)?.groups?.["path"];
  return path === undefined ? model : `scripted:${resolve(cwd, path)}`;
}

/** The runs of an agent, a tier and a model that a history is made of. */
const mostRuns = 100;

/** What such a run is expected to use. */
export async function estimateOf(
  tier: Pick<Tier, "effort"> & { readonly model: string; readonly info: ModelInfo },
  { agent, mode, work }: Pick<RouteQuestion, "agent" | "mode" | "work">,
  parts: {
    readonly store: EngineStore;
    readonly clock: Clock;
    readonly prices: Settings["prices"];
  },
): Promise<Estimate> {
  const { effort, model, info } = tier;
  const history = historyOf(parts.store, agent, effort.effort, model);
  const prices = await loadPrices({ clock: parts.clock, overrides: parts.prices });
  const characters = JSON.stringify(work() ?? "").length;
  const asked = {
    effort: effort.effort,
    mode,
    characters,
    maxOutputTokens: effort.maxOutputTokens,
  };
  return estimateRun(history, asked, (input, output) =>
    prices.upperBoundMicroUsd(info, input, output),
  );
}

/** What earlier runs of an agent used in a tier, with one model; the newest of them. */
function historyOf(
  { runs }: Pick<EngineStore, "runs">,
  agent: AgentDefinition,
  effort: Effort,
  model: string,
) {
  return runs.uses({ agent: agentReference(agent), effort, model }, mostRuns);
}
