import {
  type BreakerListener,
  type BreakerSettings,
  type BreakerSnapshot,
  defaultBreakerSettings,
} from "./breaker.ts";
import { BreakerKeeper } from "./breaker-keeper.ts";
import { createBreakerRegistry } from "./breaker-registry.ts";
import { memoryBreakerStore } from "./breaker-store.ts";
import { compileConnector } from "./chain.ts";
import type { ChainParts } from "./compiled.ts";
import { Deadlines } from "./deadlines.ts";
import type { BreakerForce, BreakerStore } from "./ports.ts";
import type { Connector } from "./connector.ts";
import { createSharedLimits } from "./shared-limits.ts";
import type { ConnectorSpec, PolicyDecider } from "./types.ts";

/** The one governed door. */
export interface Boundary {
  /** Compiles a connector's chain, once for each spec object. Specs of one id share their breakers and limits. */
  connector<I, O, C>(spec: ConnectorSpec<I, O, C>): Connector<I, O, C>;
  /** Replaces the policy for all calls that begin from now on. */
  swapPolicy(policy: PolicyDecider): void;
  readonly policy: PolicyDecider;
  /** Every breaker that a call has used or that was kept, by key. */
  breakers(): readonly BreakerSnapshot[];
  /**
   * Opens or closes a breaker whatever it has seen, in every process that shares the store.
   * @throws Agent33Error `store.*` where that cannot be kept
   */
  forceBreaker(key: string, force: BreakerForce): void;
  /** Takes back what was forced, and closes it. @throws Agent33Error `store.*` */
  resetBreaker(key: string): void;
  /** Lets go of the store of breakers. Calls can be made as before. */
  close(): void;
}

export interface BoundaryOptions
  extends Omit<ChainParts, "policy" | "breakers" | "limits" | "deadlines" | "approvalTtlMs"> {
  readonly policy: PolicyDecider;
  readonly breaker?: Partial<BreakerSettings>;
  readonly onBreakerOpen?: BreakerListener;
  /** Keeps breakers over restarts and between processes. Default: for as long as the process lives. */
  readonly breakerStore?: BreakerStore;
  /** Told when {@link breakerStore} does not answer; calls go on. */
  readonly onBreakerTrouble?: (error: unknown) => void;
  /** How long a question to a person stays open. Default one day. Milliseconds. */
  readonly approvalTtlMs?: number;
}

const oneDayMs = 86_400_000;

export function createBoundary(options: BoundaryOptions): Boundary {
  let policy = options.policy;
  const { clock } = options;
  const breakers = createBreakerRegistry(
    options.random,
    { ...defaultBreakerSettings, ...options.breaker },
    { onOpen: options.onBreakerOpen, onChange: (breaker) => keeper.changed(breaker) },
  );
  const keeper = new BreakerKeeper({
    clock,
    store: options.breakerStore ?? memoryBreakerStore(clock),
    registry: breakers,
    onTrouble: options.onBreakerTrouble ?? (() => undefined),
  });
  if (options.breakerStore !== undefined) keeper.start();
  const parts: ChainParts = {
    ...options,
    policy: () => policy,
    breakers,
    limits: createSharedLimits(),
    deadlines: new Deadlines(clock),
    approvalTtlMs: options.approvalTtlMs ?? oneDayMs,
  };
  // Inputs and outputs differ from entry to entry; an entry is only ever given back for its own spec.
  const compiled = new WeakMap<object, unknown>();
  return {
    connector: <I, O, C>(spec: ConnectorSpec<I, O, C>): Connector<I, O, C> => {
      const known = compiled.get(spec);
      if (known !== undefined) return known as Connector<I, O, C>;
      const connector = compileConnector(spec, parts);
      compiled.set(spec, connector);
      return connector;
    },
    swapPolicy: (next) => {
      policy = next;
    },
    get policy() {
      return policy;
    },
    breakers: () => breakers.snapshots(clock.monotonic()),
    forceBreaker: (key, force) => keeper.force(key, force),
    resetBreaker: (key) => keeper.reset(key),
    close: () => keeper.stop(),
  };
}
