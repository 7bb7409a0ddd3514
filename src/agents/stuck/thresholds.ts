import type { StuckKind } from "../../events/event.ts";

/** When one kind of loop is told, refused and ended, in turns that it has gone on. */
export interface Threshold {
  readonly warn: number;
  /** Undefined where no call is to blame. */
  readonly block: number | undefined;
  readonly stop: number;
}

/** What `limits.maxStuckTurns` is unless the settings say otherwise, and what the table is made for. */
export const usualStuckTurns = 6;

/**
 * One try is work, the second may be a check, the third with nothing new is a habit: so loops of one
 * turn are told at 3. A loop of two calls shows itself only in its second round, at 4. A job that
 * somebody waits for may need a few looks, so polling is told as late as that. Different errors in
 * a row are what looking for a way looks like, so they are given 4 turns too and nothing is refused.
 * Words alone change nothing, and the second time is one too many. Who has lost sight of something
 * may look again, so a conversation that is made smaller for it is told at 3. Each step leaves a turn to
 * react to the one before it.
 */
const table: Readonly<Record<StuckKind, Threshold>> = {
  repeat: { warn: 3, block: 4, stop: 6 },
  same_error: { warn: 3, block: 4, stop: 6 },
  ping_pong: { warn: 4, block: 5, stop: 6 },
  polling: { warn: 4, block: 5, stop: 6 },
  monologue: { warn: 2, block: undefined, stop: 5 },
  error_storm: { warn: 4, block: undefined, stop: 6 },
  condensation: { warn: 3, block: undefined, stop: 6 },
};

/** The thresholds of one kind for a run that may be stuck for `maxStuckTurns`; all move alike. */
export function thresholdOf(kind: StuckKind, maxStuckTurns: number): Threshold {
  const scaled = (turns: number): number => Math.ceil((turns * maxStuckTurns) / usualStuckTurns);
  const { warn, block, stop } = table[kind];
  return {
    warn: scaled(warn),
    block: block === undefined ? undefined : scaled(block),
    stop: scaled(stop),
  };
}
