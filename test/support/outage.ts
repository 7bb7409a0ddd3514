import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../src/base/clock.ts";
import type { BreakerSettings, BreakerState } from "../../src/boundary/breaker.ts";
import { memoryBreakerStore } from "../../src/boundary/breaker-store.ts";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import { BoundaryError } from "../../src/boundary/errors.ts";
import type { BreakerStore } from "../../src/boundary/ports.ts";
import type { CallOutcome } from "../../src/boundary/types.ts";
import { testBoundary, testPrincipal } from "./boundary.ts";

/** What the upstream does for a while. */
export interface Phase {
  readonly name: "well" | "slow" | "failing";
  readonly ms: number;
}

export interface OutageOptions {
  readonly phases: readonly Phase[];
  readonly callsPerSecond: number;
  readonly attemptMs: number;
  /** How long the upstream takes while it is slow; longer than an attempt may. */
  readonly slowMs: number;
  readonly breaker: Partial<BreakerSettings>;
}

/** What came of the calls that began in one phase. */
export interface PhaseCount {
  readonly phase: Phase["name"];
  calls: number;
  /** By what became of them: `ok` or an error's code. */
  readonly outcomes: Record<string, number>;
  /** Requests that the upstream saw in the phase, retries included. */
  reached: number;
}

export interface Transition {
  /** From the beginning. */
  readonly ms: number;
  readonly state: BreakerState;
  /** Requests that the upstream had seen by then. */
  readonly reached: number;
}

export interface OutageReport {
  readonly phases: readonly PhaseCount[];
  readonly transitions: readonly Transition[];
  /** Most attempts at once of those that began while the breaker was half-open. */
  readonly mostProbes: number;
}

const healthyMs = 5;
const warmUpCalls = 20;

/**
 * A loopback upstream that goes through the phases under an even load, behind a connector as a
 * program would write it: real requests over the boundary's own pool.
 */
export async function watchOutage(options: OutageOptions): Promise<OutageReport> {
  const { phases, callsPerSecond, attemptMs, breaker } = options;
  const counts = phases.map(
    (phase): PhaseCount => ({
      phase: phase.name,
      calls: 0,
      outcomes: {},
      reached: 0,
    }),
  );
  const transitions: Transition[] = [];
  let isWarm = false;
  let [reached, probes, mostProbes] = [0, 0, 0];
  let state: BreakerState = "closed";
  let began = systemClock.monotonic();
  const elapsed = (): number => systemClock.monotonic() - began;
  const now = (): number => phaseAt(phases, elapsed());

  const server = createServer((_request, response) => {
    const at = now();
    reached += 1;
    const count = counts[at];
    if (isWarm && count !== undefined) count.reached += 1;
    const { name } = phases[at] ?? { name: "well" };
    const answer = () => response.writeHead(name === "failing" ? 503 : 200).end(name);
    setTimeout(answer, name === "slow" ? options.slowMs : healthyMs);
  });
  const url = await listen(server);
  const egress = createEgress({ clock: systemClock });
  const kept = memoryBreakerStore(systemClock);
  // Every change of state is saved, so the store is where it can be watched.
  const breakerStore: BreakerStore = {
    ...kept,
    save: (standing) => {
      state = standing.state;
      transitions.push({ ms: elapsed(), state, reached });
      kept.save(standing);
    },
  };
  const { boundary } = testBoundary({
    breaker,
    breakerStore,
    hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no processes")) },
  });
  const { port } = new URL(url);
  const connector = boundary.connector<string, string, never>({
    id: "http:upstream",
    facts: () => ({
      operation: "http.get",
      effect: "read",
      repeat: "safe",
      host: "127.0.0.1",
      port: Number(port),
    }),
    run: async (context) => {
      const isProbe = state === "half_open";
      if (isProbe) mostProbes = Math.max(mostProbes, (probes += 1));
      try {
        const response = await context.fetch(context.input, { signal: context.signal });
        const text = await response.text();
        if (response.ok) return text;
        throw new BoundaryError("upstream_5xx", `${response.status}`, { status: response.status });
      } finally {
        if (isProbe) probes -= 1;
      }
    },
    mapError: () => new BoundaryError("transport", "the connection broke"),
    timeouts: { attemptMs, totalMs: 5_000 },
    maxConcurrent: 256,
  });

  const pending = new Set<Promise<void>>();
  const call = (): void => {
    const count = counts[now()];
    if (count === undefined) return;
    count.calls += 1;
    const note = (outcome: CallOutcome<string>): void => {
      const code = outcome.ok ? "ok" : outcome.error.kind;
      count.outcomes[code] = (count.outcomes[code] ?? 0) + 1;
    };
    const made = connector.tryCall(url, { principal: testPrincipal }).then(note);
    pending.add(made);
    void made.finally(() => pending.delete(made));
  };
  // The first requests of a process take longer than any later one.
  for (let made = 0; made < warmUpCalls; made += 1) {
    await connector.tryCall(url, { principal: testPrincipal });
  }
  isWarm = true;
  began = systemClock.monotonic();
  const totalMs = phases.reduce((sum, { ms }) => sum + ms, 0);
  let sent = 0;
  while (elapsed() < totalMs) {
    for (; sent < (elapsed() * callsPerSecond) / 1000; sent += 1) call();
    await systemClock.sleep(2);
  }
  await Promise.all(pending);
  boundary.close();
  await egress.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { phases: counts, transitions, mostProbes };
}

function phaseAt(phases: readonly Phase[], ms: number): number {
  let end = 0;
  const found = phases.findIndex((phase) => {
    end += phase.ms;
    return ms < end;
  });
  return found < 0 ? phases.length - 1 : found;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
