import type { Clock } from "../base/clock.ts";
import type { HeldRun } from "./run-rows.ts";

/**
 * `held`: leave it; `over`: it may be taken; `unsure`: only looking again, a lease later, tells
 * whether anybody still renews it.
 */
export type LeaseState = "held" | "over" | "unsure";

export interface LeaseWatch {
  stateOf(run: HeldRun): LeaseState;
}

interface LeaseWatchOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly ownerGone: (owner: string) => boolean;
}

interface Sighting {
  readonly fence: number;
  readonly leaseUntil: number;
  readonly sinceMs: number;
}

/** Runs of dead processes that are watched at once; more than there ever are. */
const mostWatched = 10_000;

/**
 * Tells whether a running run may be taken up. A wall clock is believed as long as what it says can
 * be: a lease that ends within two terms from now, or has ended within the last one. Any other was
 * written or is read by a clock that was set meanwhile, or is of long ago. Such a lease is over once
 * it was seen unchanged for a term of this process's own steady time: who holds a run renews it
 * three times as often.
 */
export function watchLeases({ clock, leaseMs, ownerGone }: LeaseWatchOptions): LeaseWatch {
  const seen = new Map<string, Sighting>();
  return {
    stateOf: ({ runId, owner, fence, leaseUntil }) => {
      if (leaseUntil === null || ownerGone(owner ?? "")) return "over";
      const leftMs = leaseUntil - clock.now();
      if (leftMs <= 2 * leaseMs && leftMs > -leaseMs) {
        seen.delete(runId);
        return leftMs > 0 ? "held" : "over";
      }
      const nowMs = clock.monotonic();
      const before = seen.get(runId);
      if (before?.fence === fence && before.leaseUntil === leaseUntil) {
        return nowMs - before.sinceMs >= leaseMs ? "over" : "unsure";
      }
      if (seen.size >= mostWatched) seen.clear();
      seen.set(runId, { fence, leaseUntil, sinceMs: nowMs });
      return before === undefined ? "unsure" : "held";
    },
  };
}
