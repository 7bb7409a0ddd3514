import type { Random } from "../base/random.ts";
import {
  Breaker,
  type BreakerListener,
  type BreakerSettings,
  type BreakerSnapshot,
} from "./breaker.ts";

/** All breakers of one boundary, shared by every caller, one for each key. */
export interface BreakerRegistry {
  /** Made where there is none yet. */
  get(key: string): Breaker;
  find(key: string): Breaker | undefined;
  snapshots(nowMs: number): readonly BreakerSnapshot[];
}

export interface BreakerListeners {
  /** Told when a breaker has opened. */
  readonly onOpen?: BreakerListener | undefined;
  /** Told of every change of state. */
  readonly onChange?: ((changed: Breaker) => void) | undefined;
}

export function createBreakerRegistry(
  random: Random,
  settings: BreakerSettings,
  { onOpen, onChange }: BreakerListeners = {},
): BreakerRegistry {
  const breakers = new Map<string, Breaker>();
  return {
    get: (key) => {
      const known = breakers.get(key);
      if (known !== undefined) return known;
      const made = new Breaker(key, settings, random, onOpen, onChange);
      breakers.set(key, made);
      return made;
    },
    find: (key) => breakers.get(key),
    snapshots: (nowMs) => [...breakers.values()].map((breaker) => breaker.snapshot(nowMs)),
  };
}

/**
 * The breakers of one connector, by host and class of operation: what is slow to write may still
 * be quick to read. Most calls go where the last one went, and comparing that costs less than
 * spelling a key.
 */
export class ConnectorBreakers {
  readonly #registry: BreakerRegistry;
  readonly #connector: string;
  #last: Breaker | undefined;
  #host: string | undefined;
  #port: number | undefined;
  #class = "";

  constructor(registry: BreakerRegistry, connector: string) {
    this.#registry = registry;
    this.#connector = connector;
  }

  of(host: string | undefined, port: number | undefined, operationClass: string): Breaker {
    const known = this.#last;
    const same = host === this.#host && port === this.#port && operationClass === this.#class;
    if (known !== undefined && same) return known;
    const found = this.#registry.get(this.keyOf(host, port, operationClass));
    this.#last = found;
    this.#host = host;
    this.#port = port;
    this.#class = operationClass;
    return found;
  }

  keyOf(host: string | undefined, port: number | undefined, operationClass: string): string {
    return `${this.#connector}|${host ?? "-"}:${port ?? "-"}|${operationClass}`;
  }
}
