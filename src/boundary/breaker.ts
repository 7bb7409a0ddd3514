import type { Random } from "../base/random.ts";
import type { CallFacts } from "./types.ts";

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
}

/** Told when a breaker has opened, with what its window held. It must not throw. */
export type BreakerListener = (opened: BreakerSnapshot) => void;

const okBit = 0;
const failureBit = 1;
const slowBit = 2;

/** The right to make one attempt; 0 is a refusal. Results of an earlier state are ignored by it. */
export type BreakerPermit = number;

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

  constructor(key: string, settings: BreakerSettings, random: Random, onOpen?: BreakerListener) {
    this.key = key;
    this.#settings = settings;
    this.#random = random;
    this.#onOpen = onOpen;
    this.#ring = new Uint8Array(settings.window);
  }

  /** Milliseconds until a call may be tried, 0 when now. Changes nothing. */
  waitMs(nowMs: number): number {
    if (this.#state === "closed") return 0;
    if (this.#state === "open") return Math.max(0, this.#openUntilMs - nowMs);
    return this.#probesInFlight < this.#settings.probes ? 0 : this.#settings.cooldownMs;
  }

  /** Takes the right to make one attempt, if there is one. */
  acquire(nowMs: number): BreakerPermit {
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

  snapshot(nowMs: number): BreakerSnapshot {
    return {
      key: this.key,
      state: this.#state,
      attempts: this.#filled,
      failures: this.#failures,
      slow: this.#slow,
      cooldownLeftMs: this.#state === "open" ? Math.max(0, this.#openUntilMs - nowMs) : 0,
      timesOpened: this.#timesOpened,
    };
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
    // A tenth of jitter keeps many processes from probing in the same instant.
    this.#openUntilMs = nowMs + bound * (1 + 0.1 * this.#random.next());
    this.#enter("open");
    this.#openings += 1;
    this.#timesOpened += 1;
    this.#onOpen?.(this.snapshot(nowMs));
    this.#clearWindow();
  }

  #close(): void {
    this.#enter("closed");
    this.#openings = 0;
    this.#clearWindow();
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#generation += 1;
  }

  #clearWindow(): void {
    this.#next = 0;
    this.#filled = 0;
    this.#failures = 0;
    this.#slow = 0;
  }
}

/** All breakers of one boundary, shared by every caller, one for each key. */
export interface BreakerRegistry {
  get(key: string): Breaker;
  snapshots(nowMs: number): readonly BreakerSnapshot[];
}

export function createBreakerRegistry(
  random: Random,
  settings: BreakerSettings,
  onOpen?: BreakerListener,
): BreakerRegistry {
  const breakers = new Map<string, Breaker>();
  return {
    get: (key) => {
      const known = breakers.get(key);
      if (known !== undefined) return known;
      const made = new Breaker(key, settings, random, onOpen);
      breakers.set(key, made);
      return made;
    },
    snapshots: (nowMs) => [...breakers.values()].map((breaker) => breaker.snapshot(nowMs)),
  };
}

/**
 * The breakers of one connector, by what its calls go to. Most calls go where the last one went,
 * and comparing that costs less than spelling a key.
 */
export class TargetBreakers {
  readonly #registry: BreakerRegistry;
  readonly #connector: string;
  #last: Breaker | undefined;
  #host: string | undefined;
  #port: number | undefined;
  #operation = "";

  constructor(registry: BreakerRegistry, connector: string) {
    this.#registry = registry;
    this.#connector = connector;
  }

  of({ host, port, operation }: CallFacts): Breaker {
    const known = this.#last;
    const same = host === this.#host && port === this.#port && operation === this.#operation;
    if (known !== undefined && same) return known;
    const found = this.#registry.get(
      `${this.#connector}|${host ?? "-"}:${port ?? "-"}|${operation}`,
    );
    this.#last = found;
    this.#host = host;
    this.#port = port;
    this.#operation = operation;
    return found;
  }
}
