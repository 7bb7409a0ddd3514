import type { Redactor } from "../base/redact.ts";
import { tiersAbove } from "../agents/routing/settings.ts";
import { defaultLeaseMs } from "../durable/sqlite.ts";
import { keepClean } from "./clean-workspace.ts";
import type { Config } from "../config/config.ts";
import type { ModelInfo } from "../models/model.ts";
import type { Host } from "./host.ts";
import type { RunFiles } from "./run-files.ts";
import type { RunSpec, TierSpec } from "./run-spec.ts";
import type { EngineStore } from "./tenant-store.ts";
import { atHome, estimateOf, type NamedModel, type RouteQuestion, tierFor } from "./routing.ts";

/** What a run keeps of the attempts that may come after it, and what a person should know of them. */
export interface Ladder {
  readonly spec: Pick<RunSpec, "escalation">;
  readonly notices: readonly string[];
}

/** What a ladder is made with. */
interface LadderParts {
  readonly redactor: Redactor;
  readonly host: Host;
  readonly config: Config;
  readonly store: EngineStore;
  /**
   * What the run's model is, under the name that its calls are priced by.
   * @throws Agent33Error when it cannot be had
   */
  readonly checkModel: (spec: RunSpec) => Promise<ModelInfo>;
}

const none: Ladder = { spec: {}, notices: [] };

/**
 * The tiers above a run's own, with their models, where a failed attempt may be made again. All that
 * could keep one from beginning is found here, and the workspace is kept.
 * @throws Agent33Error when a model cannot be had
 */
export async function ladderOf(
  request: { readonly escalates?: boolean; readonly queued?: boolean },
  spec: RunSpec,
  about: {
    readonly named: NamedModel | undefined;
    readonly question: RouteQuestion;
    readonly files: RunFiles;
  },
  parts: LadderParts,
): Promise<Ladder> {
  const { settings } = parts.config;
  const { enabled, on, hiddenTests, reserve, keepMegabytes } = settings.routing.escalation;
  const above = tiersAbove(spec.effort.effort);
  if (!enabled || request.escalates === false || above.length === 0) return none;
  if (spec.workspace !== null) {
    const why = await keepClean(about.files, spec.workspace, keepMegabytes, parts.redactor.holds);
    if (why !== undefined) return { spec: {}, notices: [`No second attempt: ${why}.`] };
  }
  const ladder: TierSpec[] = [];
  for (const effort of above) {
    const { model: named, ...tier } = tierFor(effort, "escalation", about.named, settings);
    const model = named === undefined ? spec.model : atHome(named, parts.host.cwd);
    const info = await parts.checkModel({ ...spec, model, baseUrl: tier.baseUrl });
    const estimate = await estimateOf({ ...tier, model, info }, about.question, {
      store: parts.store,
      clock: parts.host.clock,
      prices: settings.prices,
    });
    ladder.push({ ...tier, model, estimate });
  }
  const escalation = {
    on,
    hiddenTests,
    reserve,
    ladder,
    limits: spec.limits,
    leaveMs: request.queued === true ? 0 : defaultLeaseMs,
    earlier: [],
  };
  return { spec: { escalation }, notices: [] };
}
