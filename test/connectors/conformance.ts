import { afterEach, describe, expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import type { BoundaryCode } from "../../src/boundary/errors.ts";
import type { CallOutcome, ConnectorSpec } from "../../src/boundary/types.ts";
import { createProcesses } from "../../src/sandbox/process.ts";
import { fixedPolicy, testBoundary, testPrincipal } from "../support/boundary.ts";
import { grantTests, loopback } from "../support/egress.ts";
import type { Fault, Peer } from "./peer.ts";

/** One operation of a connector, with a real other side. */
export interface ConformanceCase<I, O, C, P extends Peer> {
  /** The connector and the operation, for the tests' names. */
  readonly name: string;
  /** Starts the other side, which behaves well until it is told otherwise. */
  peer(): Promise<P>;
  spec(peer: P): ConnectorSpec<I, O, C> | Promise<ConnectorSpec<I, O, C>>;
  readonly input: I;
  /** Looks at the answer to a call that went well, and at what the other side got. */
  good(value: O, peer: P): void;
  /** What must not stand in records, facts and errors. */
  readonly secrets: readonly string[];
  /** Whether its faults come after a piece of a stream: then nothing is tried again. */
  readonly begun?: boolean;
  /**
   * Faults of which the connector makes something useful instead of failing, each with a look at
   * what it makes of it.
   */
  readonly takes?: { readonly [F in Fault]?: (value: O, peer: P) => void };
  /** Faults that this other side cannot have, each with the reason, which the tests show. */
  readonly cannot?: { readonly [F in Fault]?: string };
}

/** The suite's clock stands still but where a test moves it, so no machine is too slow for these. */
const timeouts = { attemptMs: 40, totalMs: 900 };
/** More than any connector may read of one answer. */
const mostBytes = 48 * 1024 * 1024;
/** More than any connector may hand on of one. */
const mostKept = 4 * 1024 * 1024;
/** For what another process does; only what fails waits as long. */
const patience = { timeout: 20_000 };
const budget = "the run's";

/**
 * What the boundary relies on, of every connector alike: errors told apart by who is at fault,
 * nothing repeated that must not be, nothing left open, nothing charged that was not sent, no secret
 * in what is kept.
 */
export function connectorConformance<I, O, C, P extends Peer>(
  given: ConformanceCase<I, O, C, P>,
): void {
  describe(`${given.name} as a connector`, () => {
    grantTests("the connector's other side", { connect: loopback, spawn: true, workers: true });
    const cleanups: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
    });

    const setUp = async (behaviour: Fault | "well", effect: "allow" | "deny" = "allow") => {
      const clock = manualClock();
      const egress = createEgress();
      const processes = createProcesses();
      const peer = await given.peer();
      cleanups.push(
        () => peer.close(),
        () => egress.close(),
        () => processes.killAll(),
      );
      const spec = { ...(await given.spec(peer)), timeouts };
      if (behaviour === "gone") await peer.close();
      else peer.behave(behaviour);
      const parts = testBoundary({
        clock,
        policy: fixedPolicy(effect),
        hands: { fetch: egress.fetch, connect: egress.connect, spawn: processes.spawn },
      });
      parts.budgets.open(budget, { calls: 100 });
      const connector = parts.boundary.connector(spec);
      const call = (signal?: AbortSignal): Promise<CallOutcome<O>> =>
        connector.tryCall(given.input, {
          principal: testPrincipal,
          runId: "run-1",
          logicalCallId: "call-1",
          budgets: [budget],
          ...(signal === undefined ? {} : { signal }),
        });
      const once = spec.facts(given.input).repeat === "once";
      return { ...parts, clock, peer, spec, call, once };
    };
    type World = Awaited<ReturnType<typeof setUp>>;

    const keepsNoSecret = ({ audit, boundary }: World, outcome: CallOutcome<O>): void => {
      const error = outcome.ok ? undefined : outcome.error;
      const kept = JSON.stringify([outcome.record, error, audit.closed, boundary.breakers()]);
      for (const secret of given.secrets) expect(kept).not.toContain(secret);
      expect(audit.closed).toEqual([outcome.record]);
    };
    const failed = (world: World, outcome: CallOutcome<O>) => {
      expect(outcome.ok, JSON.stringify(outcome)).toBe(false);
      if (outcome.ok) throw new Error("unreachable");
      keepsNoSecret(world, outcome);
      expect(outcome.record.outcome).toBe(outcome.error.code);
      return outcome;
    };
    const letGo = async ({ peer }: World): Promise<void> => {
      await expect.poll(() => peer.held, patience).toBe(0);
      expect(peer.sentBytes ?? 0).toBeLessThan(mostBytes);
    };
    /** A fault that the connector answers in spite of, fails of, or cannot meet with. */
    const fault = (
      behaviour: Fault,
      title: string,
      fails: (world: World, calling: Promise<CallOutcome<O>>) => Promise<void>,
    ): void => {
      const reason = given.cannot?.[behaviour];
      const takes = given.takes?.[behaviour];
      // What cannot be there is no test; the reason stands where it is declared.
      if (reason !== undefined) return;
      if (takes === undefined) {
        test(title, async () => {
          const world = await setUp(behaviour);
          await fails(world, world.call());
          await letGo(world);
        });
      } else {
        test(`makes an answer of another side that is ${behaviour}`, async () => {
          const world = await setUp(behaviour);
          const outcome = await world.call();
          if (!outcome.ok) throw outcome.error;
          takes(outcome.value, world.peer);
          keepsNoSecret(world, outcome);
          expect(JSON.stringify(outcome.value).length).toBeLessThan(mostKept);
          await letGo(world);
        });
      }
    };
    /** Whether the call was done is not known: it is not made again, by whoever asks. */
    const staysUnknown = async ({ call, peer }: World): Promise<void> => {
      const { seen } = peer;
      expect(await call()).toMatchObject({ ok: false, error: { kind: "outcome_unknown" } });
      expect(peer.seen).toBe(seen);
    };
    const lost = async (
      world: World,
      outcome: CallOutcome<O>,
      kinds: readonly BoundaryCode[],
    ): Promise<void> => {
      const { error } = failed(world, outcome);
      expect(error.kind).toBeOneOf(world.once ? ["outcome_unknown"] : [...kinds]);
      expect(error.countsAgainstBreaker).toBe(true);
      if (world.once) await staysUnknown(world);
    };

    test("states the same facts each time, without secrets", async () => {
      const { spec } = await setUp("well");
      const stated = spec.facts(given.input);
      expect(spec.facts(given.input)).toEqual(stated);
      expect(spec.id).toMatch(
        /^(model|embedding|mcp|web|http|search|messaging|media|shell|tool):.+$/,
      );
      for (const secret of given.secrets) expect(JSON.stringify(stated)).not.toContain(secret);
    });

    test("gives what the other side answers, and one record that says where it went", async () => {
      const world = await setUp("well");
      const outcome = await world.call();
      if (!outcome.ok) throw outcome.error;
      const { peer, budgets } = world;
      given.good(outcome.value, peer);
      expect(outcome.record).toMatchObject({ outcome: "ok", decision: { ruleId: "test/allow" } });
      expect(outcome.record.connectedTo ?? []).toEqual(
        peer.address === undefined ? [] : [peer.address],
      );
      keepsNoSecret(world, outcome);
      expect(budgets.use(budget)).toMatchObject({ calls: 1 });
    });

    test("sends nothing that policy denies", async () => {
      const { call, peer, budgets } = await setUp("well", "deny");
      expect(await call()).toMatchObject({ ok: false, error: { kind: "policy_denied" } });
      expect(peer.seen).toBe(0);
      expect(budgets.use(budget)).toMatchObject({ calls: 0 });
    });

    fault("failing", "holds an outage against the other side", async (world, calling) => {
      const { error, record } = failed(world, await calling);
      const { peer, spec, once } = world;
      expect(error).toMatchObject({ kind: "upstream_5xx", countsAgainstBreaker: true });
      expect(record.attempts.length).toBe(peer.seen);
      if (once || spec.maxAttempts === 1 || given.begun === true) expect(peer.seen).toBe(1);
      else expect(peer.seen).toBeGreaterThan(1);
    });

    fault(
      "busy",
      "waits as long as it is asked to, and does not call that an outage",
      async (world, calling) => {
        const { error, record } = failed(world, await calling);
        expect(error).toMatchObject({
          kind: "upstream_429",
          retryAfterMs: 2_000,
          countsAgainstBreaker: false,
        });
        // Two seconds are more than the call has.
        expect(record.attempts).toHaveLength(1);
      },
    );

    fault(
      "refusing",
      "does not try again with what is not taken from it",
      async (world, calling) => {
        const { error, record } = failed(world, await calling);
        expect(error).toMatchObject({ kind: "upstream_4xx", countsAgainstBreaker: false });
        expect(error.hint).toBeTypeOf("string");
        expect(record.attempts).toHaveLength(1);
      },
    );

    fault("silent", "gives up on silence, and lets go of the request", async (world, calling) => {
      await expect.poll(() => world.peer.silences, patience).toBe(1);
      world.clock.advance(timeouts.totalMs);
      const outcome = await calling;
      await letGo(world);
      await lost(world, outcome, ["timeout", "deadline_exceeded"]);
      expect(world.peer.seen).toBe(1);
    });

    fault(
      "cut",
      "says so when the other side breaks off in the middle of an answer",
      async (world, calling) => lost(world, await calling, ["transport"]),
    );

    fault("malformed", "refuses an answer that makes no sense", async (world, calling) => {
      expect(failed(world, await calling).error.kind).toBe("invalid_response");
    });

    fault("huge", "reads no more of an answer than it can use", async (world, calling) => {
      expect(failed(world, await calling).error.kind).toBe("invalid_response");
    });
    test("can be called off, and lets go of the request", async () => {
      const silent =
        given.cannot?.silent === undefined && given.takes?.silent === undefined ? "silent" : "well";
      const world = await setUp(silent);
      const { call, peer } = world;
      const controller = new AbortController();
      const calling = call(controller.signal);
      if (silent === "silent") {
        await expect.poll(() => peer.silences, patience).toBe(1);
      }
      controller.abort();
      const outcome = await calling;
      expect(outcome.ok ? "ok" : outcome.error.kind).toBeOneOf(["cancelled", "outcome_unknown"]);
      await letGo(world);
    });

    fault(
      "gone",
      "says that nothing was sent where nobody listens, and takes nothing for it",
      async (world, calling) => {
        const { error } = failed(world, await calling);
        expect(error).toMatchObject({ kind: "transport", phase: "before_send" });
        expect(world.budgets.use(budget)).toMatchObject({ calls: 0 });
        expect([...world.idempotency.keys]).toEqual([]);
      },
    );
  });
}
