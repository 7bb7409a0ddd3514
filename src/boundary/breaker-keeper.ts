import type { Clock } from "../base/clock.ts";
import type { Breaker } from "./breaker.ts";
import type { BreakerRegistry } from "./breaker-registry.ts";
import { runOutside } from "./egress/guard.ts";
import type { BreakerForce, BreakerStore, StoredBreaker } from "./ports.ts";

/** How often the store is asked what other processes and people have changed. */
const pollMs = 1_000;

export interface BreakerKeeperParts {
  readonly clock: Clock;
  readonly store: BreakerStore;
  readonly registry: BreakerRegistry;
  /** Told when the store does not answer, and not again before it has. It must not throw. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Keeps a boundary's breakers in a store: every change of state is saved, what was open is open
 * again after a restart, and what a person forces in one process reaches all others that share the
 * store. That a breaker *opens* is each process's own finding and is not taken over by those that
 * run, so that one with a broken way out does not shut a healthy service for all; that it closes
 * is. A store that does not answer stops no call: what was not saved is saved later.
 */
export class BreakerKeeper {
  readonly #parts: BreakerKeeperParts;
  readonly #unsaved = new Set<Breaker>();
  #timer: NodeJS.Timeout | undefined;
  #seenUntil = 0;
  #inTrouble = false;

  constructor(parts: BreakerKeeperParts) {
    this.#parts = parts;
  }

  /** Takes up what was kept, and from now on looks for what others change. */
  start(): void {
    const { clock, store, registry } = this.#parts;
    this.#attempt(() => {
      for (const row of store.list()) {
        const leftMs = (row.openUntil ?? 0) - clock.now();
        registry.get(row.key).restore(row, leftMs, clock.monotonic());
        this.#obey(row);
      }
    });
    this.#timer = runOutside(() => setInterval(() => this.poll(), pollMs));
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#saveLate();
  }

  /** A breaker has changed its state. */
  changed(breaker: Breaker): void {
    this.#unsaved.add(breaker);
    this.#saveLate();
  }

  force(key: string, force: BreakerForce): void {
    this.#parts.store.force(key, force);
    this.#apply(this.#parts.registry.get(key), force);
  }

  /** Nobody forces it any more, and it is closed as if nothing had happened. */
  reset(key: string): void {
    const { clock, store, registry } = this.#parts;
    const breaker = registry.get(key);
    store.unforce(key);
    this.#apply(breaker, null);
    breaker.reset();
    store.save(breaker.standing(clock.monotonic(), clock.now()));
    this.#unsaved.delete(breaker);
  }

  /** Looks once for what others have changed since the last time. */
  poll(): void {
    this.#saveLate();
    this.#attempt(() => {
      for (const row of this.#parts.store.list({ changedSince: this.#seenUntil })) {
        this.#obey(row);
        this.#closeLike(row);
        this.#seenUntil = Math.max(this.#seenUntil, row.updatedAt);
      }
    });
  }

  #obey(row: StoredBreaker): void {
    this.#apply(this.#parts.registry.get(row.key), row.forced);
  }

  #apply(breaker: Breaker, force: BreakerForce | null): void {
    const { clock } = this.#parts;
    const until = force?.until ?? null;
    const leftMs = until === null ? Number.POSITIVE_INFINITY : until - clock.now();
    breaker.force(force, leftMs, clock.monotonic());
  }

  /** Where another process has found it well again, or a person says so. */
  #closeLike(row: StoredBreaker): void {
    const breaker = this.#parts.registry.get(row.key);
    // What this process found itself, the row says too, unless somebody else has written it since.
    if (row.state !== "closed" || this.#unsaved.has(breaker)) return;
    const { state } = breaker.snapshot(this.#parts.clock.monotonic());
    if (state !== "closed") breaker.reset();
  }

  #saveLate(): void {
    const { clock, store } = this.#parts;
    for (const breaker of this.#unsaved) {
      const saved = this.#attempt(() =>
        store.save(breaker.standing(clock.monotonic(), clock.now())),
      );
      if (!saved) return;
      this.#unsaved.delete(breaker);
    }
  }

  #attempt(work: () => void): boolean {
    try {
      work();
      this.#inTrouble = false;
      return true;
    } catch (error) {
      if (!this.#inTrouble) this.#parts.onTrouble(error);
      this.#inTrouble = true;
      return false;
    }
  }
}
