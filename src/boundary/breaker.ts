import type { Random } from "../base/random.ts";
import type { BreakerForce, BreakerStanding } from "./ports.ts";

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerSettings {
  /** Attempts that the sliding window remembers. */
  readonly window: number;
  /** Attempts in the window before it may open. */
  readonly minimumAttempts: number;
  /** Opens at this share of failures, 0 to 1. */
  readonly failureRate: number;
  /** An attempt that takes longer counts as slow. Milliseconds. */
  readonly slowMs: number;
  /** Opens at this share of slow attempts, 0 to 1. */
  readonly slowRate: number;
  /** How long it stays open at first; doubles at each failed recovery. Milliseconds. */
  readonly cooldownMs: number;
  readonly maxCooldownMs: number;
  /** Attempts let through at once while half-open; as many must succeed to close it. */
  readonly probes: number;
}

export const defaultBreakerSettings: BreakerSettings = {
  window: 20,
  minimumAttempts: 5,
  failureRate: 0.5,
  slowMs: 60_000,
  slowRate: 0.8,
  cooldownMs: 5_000,
  maxCooldownMs: 300_000,
  probes: 2,
};

/** What a breaker says of itself, for `doctor`, dashboards and tests. */
export interface BreakerSnapshot {
  readonly key: string;
  readonly state: BreakerState;
  readonly attempts: number;
  readonly failures: number;
  readonly slow: number;
  /** Milliseconds until it lets a probe through; 0 when not open. */
  readonly cooldownLeftMs: number;
  readonly timesOpened: number;
  /** What a person has decided, whatever its own state is. */
  readonly forced: BreakerForce | null;
}

/** Told when a breaker has opened, with what its window held. It must not throw. */
export type BreakerListener = (opened: BreakerSnapshot) => void;

/** A tenth more at most, which keeps many processes from probing in the same instant. */
const cooldownJitter = 0.1;
const okBit = 0;
const failureBit = 1;
const slowBit = 2;

/** The right to make one attempt; 0 is a refusal. Results of an earlier state are ignored by it. */
export type BreakerPermit = number;

/** A person let it through: what comes of it says nothing to the breaker's own state. */
const forcedPermit: BreakerPermit = -1;
/** A wait that only a person ends is told to callers as this long. */
const untilToldMs = 60_000;

/**
 * One circuit breaker over a sliding window of attempts. It has no timers: an open breaker turns
 * half-open when somebody asks after its cooldown. Every permit is answered by exactly one of
 * `succeed`, `fail` or `release`; an answer that comes after the state has changed says nothing
 * about the new state and is dropped.
 */
export class Breaker {
  readonly key: string;
  readonly #settings: BreakerSettings;
  readonly #random: Random;
  readonly #onOpen: BreakerListener | undefined;
  readonly #onChange: ((changed: Breaker) => void) | undefined;
  readonly #ring: Uint8Array;
  #next = 0;
  #filled = 0;
  #failures = 0;
  #slow = 0;
  #state: BreakerState = "closed";
  #generation: BreakerPermit = 1;
  #openUntilMs = 0;
  #openings = 0;
  #timesOpened = 0;
  #probesInFlight = 0;
  #probesPassed = 0;
  #forced: BreakerForce | null = null;
  /** By the monotonic clock; infinite where a person must take it back. */
  #forcedUntilMs = 0;

  constructor(
    key: string,
    settings: BreakerSettings,
    random: Random,
    onOpen?: BreakerListener,
    onChange?: (changed: Breaker) => void,
  ) {
    this.key = key;
    this.#settings = settings;
    this.#random = random;
    this.#onOpen = onOpen;
    this.#onChange = onChange;
    this.#ring = new Uint8Array(settings.window);
  }

  /** Milliseconds until a call may be tried, 0 when now. Changes nothing. */
  waitMs(nowMs: number): number {
    if (this.#forced !== null && this.#isForced(nowMs)) {
      if (this.#forced.state === "closed") return 0;
      return Math.min(this.#forcedUntilMs - nowMs, untilToldMs);
    }
    if (this.#state === "closed") return 0;
    if (this.#state === "open") return Math.max(0, this.#openUntilMs - nowMs);
    return this.#probesInFlight < this.#settings.probes ? 0 : this.#settings.cooldownMs;
  }

  /** Takes the right to make one attempt, if there is one. */
  acquire(nowMs: number): BreakerPermit {
    if (this.#forced !== null && this.#isForced(nowMs)) {
      return this.#forced.state === "closed" ? forcedPermit : 0;
    }
    if (this.#state === "closed") return this.#generation;
    if (this.#state === "open") {
      if (nowMs < this.#openUntilMs) return 0;
      this.#enter("half_open");
      this.#probesInFlight = 0;
      this.#probesPassed = 0;
    }
    if (this.#probesInFlight >= this.#settings.probes) return 0;
    this.#probesInFlight += 1;
    return this.#generation;
  }

  succeed(permit: BreakerPermit, durationMs: number, nowMs: number): void {
    if (permit !== this.#generation) return;
    const slow = durationMs > this.#settings.slowMs;
    if (this.#state === "half_open") {
      this.#probesInFlight -= 1;
      if (slow) {
        this.#open(nowMs);
        return;
      }
      this.#probesPassed += 1;
      if (this.#probesPassed >= this.#settings.probes) this.#close();
      return;
    }
    this.#record(slow ? slowBit : okBit, nowMs);
  }

  /**
   * The first part of an answer has come, which says as much as a whole answer; how the rest goes
   * may still be told. Returns the permit for that.
   */
  begun(permit: BreakerPermit, durationMs: number, nowMs: number): BreakerPermit {
    if (permit !== this.#generation) return permit;
    this.succeed(permit, durationMs, nowMs);
    return this.#state === "open" ? 0 : this.#generation;
  }

  fail(permit: BreakerPermit, nowMs: number): void {
    if (permit !== this.#generation) return;
    if (this.#state === "half_open") {
      this.#open(nowMs);
      return;
    }
    this.#record(failureBit, nowMs);
  }

  /** The attempt said nothing about the other side's health: cancelled, or refused by it with reason. */
  release(permit: BreakerPermit): void {
    if (permit === this.#generation && this.#state === "half_open") this.#probesInFlight -= 1;
  }

  /** What a person has decided, where that still holds. */
  forcedAt(nowMs: number): BreakerForce | null {
    return this.#isForced(nowMs) ? this.#forced : null;
  }

  /** Obeys a person, or nobody any more. @param leftMs for how long; infinite until taken back */
  force(force: BreakerForce | null, leftMs: number, nowMs: number): void {
    this.#forced = force;
    this.#forcedUntilMs = nowMs + leftMs;
  }

  /** Closes it whatever it has seen: a person, or another process that tried, says that all is well. */
  reset(): void {
    if (this.#state === "closed") this.#clearWindow();
    else this.#close();
  }

  /**
   * Takes up where an earlier process left. What was open stays so for what is left of it; what was
   * being probed is probed again.
   */
  restore(standing: BreakerStanding, leftMs: number, nowMs: number): void {
    this.#timesOpened = standing.timesOpened;
    if (standing.state === "closed") return;
    this.#state = "open";
    this.#generation += 1;
    this.#openings = standing.openings;
    // A wall clock that was set back must not keep it open for longer than it ever is.
    const bound = this.#settings.maxCooldownMs * (1 + cooldownJitter);
    this.#openUntilMs = nowMs + Math.min(Math.max(0, leftMs), bound);
  }

  /** What must outlive the process. @param at the wall clock at `nowMs` */
  standing(nowMs: number, at: number): BreakerStanding {
    return {
      key: this.key,
      state: this.#state,
      openUntil: this.#state === "open" ? Math.round(at + this.#openUntilMs - nowMs) : null,
      openings: this.#openings,
      timesOpened: this.#timesOpened,
    };
  }

  snapshot(nowMs: number): BreakerSnapshot {
    return {
      key: this.key,
      state: this.#state,
      attempts: this.#filled,
      failures: this.#failures,
      slow: this.#slow,
      cooldownLeftMs: this.#state === "open" ? Math.max(0, this.#openUntilMs - nowMs) : 0,
      timesOpened: this.#timesOpened,
      forced: this.forcedAt(nowMs),
    };
  }

  #isForced(nowMs: number): boolean {
    return this.#forced !== null && nowMs < this.#forcedUntilMs;
  }

  #record(result: number, nowMs: number): void {
    const size = this.#settings.window;
    if (this.#filled === size) this.#forget(this.#ring[this.#next] ?? okBit);
    else this.#filled += 1;
    this.#ring[this.#next] = result;
    this.#next = (this.#next + 1) % size;
    if (result === failureBit) this.#failures += 1;
    if (result === slowBit) this.#slow += 1;
    if (result === okBit || this.#filled < this.#settings.minimumAttempts) return;
    const failing = this.#failures / this.#filled >= this.#settings.failureRate;
    const dragging = (this.#failures + this.#slow) / this.#filled >= this.#settings.slowRate;
    if (failing || dragging) this.#open(nowMs);
  }

  #forget(result: number): void {
    if (result === failureBit) this.#failures -= 1;
    if (result === slowBit) this.#slow -= 1;
  }

  #open(nowMs: number): void {
    const { cooldownMs, maxCooldownMs } = this.#settings;
    const bound = Math.min(maxCooldownMs, cooldownMs * 2 ** this.#openings);
    this.#openUntilMs = nowMs + bound * (1 + cooldownJitter * this.#random.next());
    this.#openings += 1;
    this.#timesOpened += 1;
    this.#enter("open");
    this.#onOpen?.(this.snapshot(nowMs));
    this.#clearWindow();
  }

  #close(): void {
    this.#openings = 0;
    this.#clearWindow();
    this.#enter("closed");
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#generation += 1;
    this.#onChange?.(this);
  }

  #clearWindow(): void {
    this.#next = 0;
    this.#filled = 0;
    this.#failures = 0;
    this.#slow = 0;
  }
}
