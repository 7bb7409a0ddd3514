import { agentReference } from "../agents/definition.ts";
import type { RunLimits } from "../agents/limits.ts";
import { type Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Effort } from "../base/effect.ts";
import type { RunEstimate, RunMode, RunRouting } from "../events/event.ts";
import type { Model } from "../models/model.ts";
import { resolveFamily } from "./agents.ts";
import type { CreateParts, RunRequest } from "./create-run.ts";
import { checkInputs } from "./inputs.ts";
import { limitsOf, limitsOnce, withinTier } from "./run-limits.ts";
import { atHome, estimateOf, routeRun } from "./routing.ts";

/** What a run would be asked for with. */
export interface RouteRequest extends Pick<RunRequest, "agent" | "model" | "effort" | "domain"> {
  readonly task: Exclude<RunRequest["task"], { readonly kind: "folder" }>;
  readonly mode?: RunMode;
}

/** What a run would be given now. */
export interface RouteExplanation {
  /** `name@version` */
  readonly agent: string;
  readonly effort: Effort;
  readonly source: string;
  /** Null where nobody names one: a run would not be made. */
  readonly model: string | null;
  readonly routing: Omit<RunRouting, "estimate">;
  /** Of one turn. */
  readonly maxOutputTokens: number;
  /** Of the whole run. */
  readonly limits: RunLimits;
  /** Null where the model cannot be had; `problem` says why. */
  readonly estimate: RunEstimate | null;
  readonly problem: Agent33Error | null;
  readonly notices: readonly string[];
}

export interface RouteParts extends Pick<CreateParts, "host" | "config" | "store"> {
  readonly openModel: (spec: {
    readonly model: string;
    readonly baseUrl: string | null;
  }) => Promise<Pick<Model, "info">>;
}

/**
 * What would be decided about a run, and what it would be expected to use. Nothing is made, asked or
 * paid.
 * @throws Agent33Error `agents.*`, `engine.invalid_inputs` for what a run would be refused for
 */
export async function explainRoute(
  request: RouteRequest,
  parts: RouteParts,
): Promise<RouteExplanation> {
  const { host, config, store } = parts;
  const { settings } = config;
  const { agent } = resolveFamily(request.agent, config, host.cwd);
  const { task, effort, domain, mode = "iterative" } = request;
  if (task.kind === "inputs") checkInputs(agent, task.inputs);
  const work = (): unknown => (task.kind === "inputs" ? task.inputs : task.text);
  const question = { effort, domain, agent, mode, work };
  const named =
    request.model === undefined ? undefined : { model: request.model, source: "request" as const };
  const route = routeRun(question, named, config);
  const limits = withinTier(limitsOf(config, agent, undefined), route);
  const known = {
    agent: agentReference(agent),
    effort: route.effort.effort,
    source: route.effort.source,
    routing: route.note,
    maxOutputTokens: route.effort.maxOutputTokens,
    limits: mode === "once" ? limitsOnce(limits) : limits,
    notices: route.notices,
  };
  if (route.model === undefined) return { ...known, model: null, estimate: null, problem: null };
  const model = atHome(route.model, host.cwd);
  try {
    const { info } = await parts.openModel({ model, baseUrl: route.baseUrl });
    const estimate = await estimateOf({ ...route, model, info }, question, {
      store,
      clock: host.clock,
      prices: settings.prices,
    });
    return { ...known, model, estimate, problem: null };
  } catch (error) {
    return { ...known, model, estimate: null, problem: toAgent33Error(error) };
  }
}
