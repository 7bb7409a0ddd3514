import type { Effort } from "../base/effect.ts";
import type { Reasoning, RoutingSettings } from "./routing/settings.ts";

/** How hard a run thinks, who said so, and what one turn of it may write. */
export interface EffortChoice {
  readonly effort: Effort;
  /** `request`, `agent`, what routing decided by, or where the setting came from. */
  readonly source: string;
  readonly maxOutputTokens: number;
  /** What the model is asked for where that is not the tier's own name. */
  readonly reasoning?: Reasoning;
}

/** What one turn of a tier may use. */
export type TierOutput = Omit<EffortChoice, "effort" | "source">;
export type TierOutputs = Readonly<Record<Effort, TierOutput>>;

/** Output tokens of one turn. Enough to write a file in one piece at every tier. */
const usual: TierOutputs = {
  low: { maxOutputTokens: 4_096 },
  medium: { maxOutputTokens: 8_192 },
  high: { maxOutputTokens: 16_384 },
};

/** What turns of each tier may use, by the settings; without routing always the same. */
export function tierOutputs({ enabled, tiers }: RoutingSettings): TierOutputs {
  if (!enabled) return usual;
  const of = (effort: Effort): TierOutput => {
    const { maxOutputTokens, reasoning } = tiers[effort];
    return {
      ...usual[effort],
      ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
      ...(reasoning === undefined ? {} : { reasoning }),
    };
  };
  return { low: of("low"), medium: of("medium"), high: of("high") };
}

/** The effort of an agent that works for another: its own, else that of the one it works for. */
export function effortBelow(
  agent: Effort | undefined,
  above: EffortChoice,
  tiers: TierOutputs = usual,
): EffortChoice {
  if (agent === undefined || agent === above.effort) {
    return agent === undefined ? above : { ...above, source: "agent" };
  }
  return { effort: agent, source: "agent", ...tiers[agent] };
}

/** The part of a model request that says how hard to think; `none` says nothing. */
export function effortAsked({ effort, reasoning = effort }: EffortChoice): {
  readonly effort?: Effort;
} {
  return reasoning === "none" ? {} : { effort: reasoning };
}
