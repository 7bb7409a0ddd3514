import { afterEach, describe, expect, test } from "vitest";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import type { CallOutcome, ConnectorSpec } from "../../src/boundary/types.ts";
import { systemClock } from "../../src/base/clock.ts";
import { createProcesses } from "../../src/sandbox/process.ts";
import { fixedPolicy, testBoundary, testPrincipal } from "../support/boundary.ts";
import { grantTests, loopback } from "../support/egress.ts";
import type { Peer, PeerBehaviour } from "./peer.ts";

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
  /**
   * Where the connector makes something useful of an answer that is cut short or makes no sense,
   * instead of refusing it.
   */
  readonly takes?: readonly ("huge" | "malformed")[];
  /** What this kind of other side cannot do, with the reason; there are no tests of it then. */
  readonly cannot?: Partial<Record<PeerBehaviour, string>>;
}

const quick = { attemptMs: 400, totalMs: 900 };
/** More than any connector may read of one answer. */
const mostBytes = 48 * 1024 * 1024;

/**
 * What the boundary relies on, of every connector alike: errors told apart by who is at fault,
 * nothing repeated that must not be, nothing left open, no secret in what is kept.
 */
export function connectorConformance<I, O, C, P extends Peer>(
  given: ConformanceCase<I, O, C, P>,
): void {
  describe(`${given.name} as a connector`, () => {
    grantTests("the connector's other side", { connect: loopback, spawn: true });
    const cleanups: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
    });

    const setUp = async (behaviour: PeerBehaviour, effect: "allow" | "deny" = "allow") => {
      const egress = createEgress();
      const processes = createProcesses(systemClock);
      const peer = await given.peer();
      cleanups.push(
        () => peer.close(),
        () => egress.close(),
        () => processes.killAll(),
      );
      peer.behave(behaviour);
      const spec = { ...(await given.spec(peer)), timeouts: quick };
      const { boundary, audit } = testBoundary({
        policy: fixedPolicy(effect),
        hands: { fetch: egress.fetch, connect: egress.connect, spawn: processes.spawn },
      });
      const connector = boundary.connector(spec);
      const call = (signal?: AbortSignal): Promise<CallOutcome<O>> =>
        connector.tryCall(given.input, {
          principal: testPrincipal,
          runId: "run-1",
          ...(signal === undefined ? {} : { signal }),
        });
      return { peer, spec, audit, boundary, call };
    };
    const fails = async (behaviour: PeerBehaviour) => {
      const { call, peer, spec, boundary, audit } = await setUp(behaviour);
      const outcome = await call();
      expect(outcome.ok, JSON.stringify(outcome)).toBe(false);
      if (outcome.ok) throw new Error("unreachable");
      const kept = JSON.stringify([
        outcome.record,
        outcome.error,
        audit.closed,
        boundary.breakers(),
      ]);
      for (const secret of given.secrets) expect(kept).not.toContain(secret);
      expect(audit.closed).toHaveLength(1);
      return { error: outcome.error, record: outcome.record, peer, spec };
    };
    const behaving = (behaviour: PeerBehaviour, title: string, body: () => Promise<void>): void => {
      if (given.cannot?.[behaviour] === undefined) test(title, body);
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
      const { call, peer, audit } = await setUp("well");
      const outcome = await call();
      if (!outcome.ok) throw outcome.error;
      given.good(outcome.value, peer);
      expect(outcome.record).toMatchObject({ outcome: "ok", decision: { ruleId: "test/allow" } });
      expect(outcome.record.connectedTo ?? []).toEqual([`127.0.0.1:${peer.port}`]);
      expect(audit.closed).toHaveLength(1);
      const kept = JSON.stringify(audit.closed);
      for (const secret of given.secrets) expect(kept).not.toContain(secret);
    });

    test("sends nothing that policy denies", async () => {
      const { call, peer } = await setUp("well", "deny");
      expect(await call()).toMatchObject({ ok: false, error: { kind: "policy_denied" } });
      expect(peer.seen).toBe(0);
    });

    behaving("failing", "holds an outage against the other side", async () => {
      const { error, record, peer, spec } = await fails("failing");
      const { repeat } = spec.facts(given.input);
      expect(error).toMatchObject({ kind: "upstream_5xx", countsAgainstBreaker: true });
      expect(record.attempts.length).toBe(peer.seen);
      if (repeat === "once" || spec.maxAttempts === 1) expect(peer.seen).toBe(1);
      else expect(peer.seen).toBeGreaterThan(1);
    });

    behaving(
      "busy",
      "waits as long as it is asked to, and does not call that an outage",
      async () => {
        const { error, record } = await fails("busy");
        expect(error).toMatchObject({
          kind: "upstream_429",
          retryAfterMs: 2_000,
          countsAgainstBreaker: false,
        });
        // Two seconds are more than the call has.
        expect(record.attempts).toHaveLength(1);
      },
    );

    behaving("refusing", "does not try again with credentials that are not taken", async () => {
      const { error, record } = await fails("refusing");
      expect(error).toMatchObject({ kind: "upstream_4xx", countsAgainstBreaker: false });
      expect(error.hint).toBeTypeOf("string");
      expect(record.attempts).toHaveLength(1);
    });

    behaving("silent", "gives up on silence, and lets go of the request", async () => {
      const { error, peer, spec } = await fails("silent");
      const { repeat } = spec.facts(given.input);
      expect(error.kind).toBeOneOf(
        repeat === "once" ? ["outcome_unknown"] : ["timeout", "deadline_exceeded"],
      );
      await expect.poll(() => peer.held).toBe(0);
    });

    behaving("cut", "says so when the connection breaks in the middle of an answer", async () => {
      const { error, spec } = await fails("cut");
      const { repeat } = spec.facts(given.input);
      expect(error.kind).toBe(repeat === "once" ? "outcome_unknown" : "transport");
    });

    behaving("malformed", "refuses an answer that makes no sense", async () => {
      if (given.takes?.includes("malformed")) {
        const { call } = await setUp("malformed");
        expect(await call()).toMatchObject({ ok: true });
        return;
      }
      expect((await fails("malformed")).error.kind).toBe("invalid_response");
    });

    behaving("huge", "reads no more of an answer than it can use", async () => {
      const { call, peer } = await setUp("huge");
      const outcome = await call();
      if (given.takes?.includes("huge")) expect(outcome).toMatchObject({ ok: true });
      else expect(outcome).toMatchObject({ ok: false, error: { kind: "invalid_response" } });
      expect(peer.sentBytes).toBeLessThan(mostBytes);
      await expect.poll(() => peer.held).toBe(0);
    });

    test("can be called off, and lets go of the request", async () => {
      const { call, peer } = await setUp(given.cannot?.silent === undefined ? "silent" : "well");
      const controller = new AbortController();
      const calling = call(controller.signal);
      if (given.cannot?.silent === undefined) await expect.poll(() => peer.seen).toBe(1);
      controller.abort();
      const outcome = await calling;
      expect(outcome.ok ? "ok" : outcome.error.kind).toBeOneOf(["cancelled", "outcome_unknown"]);
      await expect.poll(() => peer.held).toBe(0);
    });

    test("says that nothing was sent where nobody listens", async () => {
      const { call, peer } = await setUp("well");
      await peer.close();
      expect(await call()).toMatchObject({
        ok: false,
        error: { kind: "transport", phase: "before_send" },
      });
    });
  });
}
