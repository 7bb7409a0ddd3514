import {
  type BreakerListener,
  type BreakerSnapshot,
  createBreakerRegistry,
  defaultBreakerSettings,
  type BreakerSettings,
} from "./breaker.ts";
import { compileConnector } from "./chain.ts";
import type { ChainParts } from "./compiled.ts";
import { Deadlines } from "./deadlines.ts";
import type { Connector, ConnectorSpec, PolicyDecider } from "./types.ts";

/** The one governed door. */
export interface Boundary {
  /** Compiles a connector's chain, once for each spec object. Specs of one id share their breakers. */
  connector<I, O, C>(spec: ConnectorSpec<I, O, C>): Connector<I, O, C>;
  /** Replaces the policy for all calls that begin from now on. */
  swapPolicy(policy: PolicyDecider): void;
  readonly policy: PolicyDecider;
  breakers(): readonly BreakerSnapshot[];
}

export interface BoundaryOptions
  extends Omit<ChainParts, "policy" | "breakers" | "deadlines" | "approvalTtlMs"> {
  readonly policy: PolicyDecider;
  readonly breaker?: Partial<BreakerSettings>;
  readonly onBreakerOpen?: BreakerListener;
  /** How long a question to a person stays open. Default one day. Milliseconds. */
  readonly approvalTtlMs?: number;
}

const oneDayMs = 86_400_000;

export function createBoundary(options: BoundaryOptions): Boundary {
  let policy = options.policy;
  const breakers = createBreakerRegistry(
    options.random,
    { ...defaultBreakerSettings, ...options.breaker },
    options.onBreakerOpen,
  );
  const parts: ChainParts = {
    ...options,
    policy: () => policy,
    breakers,
    deadlines: new Deadlines(options.clock),
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
    breakers: () => breakers.snapshots(options.clock.monotonic()),
  };
}
