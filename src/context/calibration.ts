import type { StoredEvent } from "../events/event.ts";
import { carriedFold, type Folding } from "./carried.ts";

/**
 * How a model counts, beside how we do: a straight line through its last report. What a provider
 * puts around a request is in its report, so only what has been added since is estimated.
 */
export interface Calibration {
  /** Our count and the model's of the last request that it has reported. */
  readonly ours: number;
  readonly theirs: number;
  /** Its tokens for one of ours. */
  readonly slope: number;
  /** Which model that was, where others can stand in for it: each counts in its own way. */
  readonly model: string | undefined;
  /** The window that it has turned out to have, where that is less than was thought. */
  readonly contextTokens: number | undefined;
}

const uncalibrated: Calibration = {
  ours: 0,
  theirs: 0,
  slope: 1,
  model: undefined,
  contextTokens: undefined,
};

/** What the reports of a run's turns, those of all of its agents, tell of its model's count. */
export const calibrationOf = carriedFold<Calibration>(calibrationFold);

/** Our count of a request as the model's. */
export function asTheirs({ ours, theirs, slope }: Calibration, tokens: number): number {
  return Math.max(0, Math.round(theirs + (tokens - ours) * slope));
}

/** The most tokens by our count that are within a limit by the model's. */
export function asOurs({ ours, theirs, slope }: Calibration, limit: number): number {
  return Math.floor(ours + (limit - theirs) / slope);
}

function calibrationFold(): Folding<Calibration> {
  const state: { -readonly [K in keyof Calibration]: Calibration[K] } = { ...uncalibrated };
  const report = (ours: number, theirs: number): void => {
    state.ours = ours;
    state.theirs = theirs;
    state.slope = slopeOf(ours, theirs);
  };
  const add = (event: StoredEvent): void => {
    if (event.type === "turn.completed") {
      const { promptTokens, usage, model } = event;
      // Another model has another window.
      if (state.model !== undefined && model !== state.model) state.contextTokens = undefined;
      state.model = model;
      if (promptTokens !== undefined && !usage.estimated) report(promptTokens, usage.inputTokens);
    } else if (event.type === "turn.failed" && event.overflow !== undefined) {
      const { promptTokens, overflow } = event;
      const { inputTokens, contextTokens } = overflow;
      if (contextTokens !== undefined) {
        state.contextTokens = Math.min(state.contextTokens ?? contextTokens, contextTokens);
      }
      if (promptTokens !== undefined && inputTokens !== undefined)
        report(promptTokens, inputTokens);
    }
  };
  return { state, add };
}

/** Below this, what a provider puts around a request counts for more than how it cuts words. */
const tellingTokens = 2_000;

/** The ratio of two counts of one request, as far as tokenizers really differ. */
function slopeOf(ours: number, theirs: number): number {
  const most = ours < tellingTokens ? 1.5 : 3;
  return ours === 0 ? 1 : Math.min(most, Math.max(0.6, theirs / ours));
}
