import type { Effort } from "../base/effect.ts";

/** How hard a run thinks, who said so, and what one turn of it may write. */
export interface EffortChoice {
  readonly effort: Effort;
  /** `request`, `agent`, or where the setting came from. */
  readonly source: string;
  readonly maxOutputTokens: number;
}

/** Output tokens of one turn. Enough to write a file in one piece at every tier. */
const outputTokens: Readonly<Record<Effort, number>> = { low: 4_096, medium: 8_192, high: 16_384 };

/** The first choice that somebody made, in this order: the request, the agent, the settings. */
export function chooseEffort(
  requested: Effort | undefined,
  agent: Effort | undefined,
  settings: { readonly effort: Effort; readonly source: string },
): EffortChoice {
  const [effort, source] =
    requested !== undefined
      ? ([requested, "request"] as const)
      : agent !== undefined
        ? ([agent, "agent"] as const)
        : ([settings.effort, settings.source] as const);
  return { effort, source, maxOutputTokens: outputTokens[effort] };
}
