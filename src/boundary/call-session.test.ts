import { describe, expect, test } from "vitest";
import { testBoundary, testPrincipal } from "../../test/support/boundary.ts";
import { options, read, spec, writeOnce } from "../../test/support/connector.ts";
import { policyOf } from "../../test/support/leave.ts";
import type { JsonObject } from "../base/errors.ts";
import { manualClock } from "../base/clock.ts";
import { BoundaryError } from "./errors.ts";
import type { LimitUses } from "./ports.ts";
import type { CallFacts, CallOptions, ConnectorSpec } from "./types.ts";

/** A boundary under these rules, and calls of a bank's tools through it. */
function bank(
  rules: readonly string[],
  extra: Partial<ConnectorSpec<string, string, string>> = {},
) {
  const clock = manualClock(1_000_000);
  const parts = testBoundary({ clock, policy: policyOf("allow", ...rules) });
  const sent: string[] = [];
  let answer: () => Promise<string> = () => Promise.resolve("done");
  const call = (tool: string, args: JsonObject = {}, given: Partial<CallOptions<string>> = {}) => {
    const facts: CallFacts = { ...writeOnce, operation: "tools/call", tool, args };
    return parts.boundary
      .connector(
        spec(
          () => {
            sent.push(tool);
            return answer();
          },
          facts,
          { maxAttempts: 1, ...extra },
        ),
      )
      .tryCall("x", { ...options, ...given });
  };
  return {
    ...parts,
    clock,
    sent,
    call,
    answers: (next: () => Promise<string>) => {
      answer = next;
    },
    outcome: async (...given: Parameters<typeof call>) => {
      const { record } = await call(...given);
      return record.outcome.replace("boundary.", "");
    },
  };
}

const transfers = "deny: { tool: transfer }, limit: { max: 5000, per: run, sum: args.amount }";

describe("a limit", () => {
  test("counts calls in flight: three transfers of 2,000 at once do not all pass 5,000", async () => {
    const { call, sent, audit } = bank([transfers]);
    const outcomes = await Promise.all([1, 2, 3].map(() => call("transfer", { amount: 2_000 })));
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(sent).toHaveLength(2);
    expect(outcomes[2]).toMatchObject({
      error: { code: "boundary.policy_denied", ruleId: "test/r0", phase: "before_send" },
      record: {
        attempts: [],
        decision: { effect: "deny", ruleId: "test/r0", reason: "because", matched: ["test/r0"] },
      },
    });
    expect(audit.closed).toHaveLength(3);
    // What is summed up comes from arguments, and stays out of the audit.
    expect(JSON.stringify(audit.closed)).not.toContain("5000");
  });

  test("lets a call pass that just fits, and none after it", async () => {
    const { outcome } = bank([transfers]);
    expect(await outcome("transfer", { amount: 4_999.5 })).toBe("ok");
    expect(await outcome("transfer", { amount: 0.5 })).toBe("ok");
    expect(await outcome("transfer", { amount: 0.01 })).toBe("policy_denied");
    expect(await outcome("balance")).toBe("ok");
  });

  test("gives back what a call held that was never sent, and keeps what may have been", async () => {
    const { outcome, answers } = bank([transfers]);
    answers(() => Promise.reject(new BoundaryError("transport", "no", { phase: "before_send" })));
    expect(await outcome("transfer", { amount: 3_000 })).toBe("transport");
    answers(() => Promise.reject(new BoundaryError("transport", "lost")));
    expect(await outcome("transfer", { amount: 3_000 })).toBe("outcome_unknown");
    answers(() => Promise.resolve("done"));
    expect(await outcome("transfer", { amount: 3_000 })).toBe("policy_denied");
    expect(await outcome("transfer", { amount: 2_000 })).toBe("ok");
  });

  test("takes nothing for a call that another limit, a budget or a person refuses", async () => {
    const { outcome, budgets } = bank([
      transfers,
      "deny: { tool: transfer }, limit: { max: 2, per: run }",
    ]);
    budgets.open("empty", { calls: 0 });
    const poor = { budgets: ["empty"] };
    expect(await outcome("transfer", { amount: 5_000 }, poor)).toBe("budget_exceeded");
    expect(await outcome("transfer", { amount: 6_000 })).toBe("policy_denied");
    expect(await outcome("transfer", { amount: 1 })).toBe("ok");
    expect(await outcome("transfer", { amount: 1 })).toBe("ok");
    expect(await outcome("transfer", { amount: 1 })).toBe("policy_denied");
  });

  test.each([
    ["run", { runId: "run-2" }],
    ["user", { principal: { ...testPrincipal, user: "bob" } }],
    ["agent", { principal: { ...testPrincipal, agent: "other@1" } }],
  ] as const)("per %s is counted for each by itself", async (per, other) => {
    const { outcome } = bank([`deny: {}, limit: { max: 1, per: ${per}, window: none }`]);
    expect(await outcome("t")).toBe("ok");
    expect(await outcome("t")).toBe("policy_denied");
    expect(await outcome("t", {}, other)).toBe("ok");
    expect(await outcome("t", {}, other)).toBe("policy_denied");
  });

  test("per tenant is counted for all, and so are calls outside of any run", async () => {
    const tenant = bank(["deny: {}, limit: { max: 1, per: tenant, window: 1d }"]);
    expect(await tenant.outcome("t")).toBe("ok");
    const other = { runId: "run-9", principal: { ...testPrincipal, user: "bob" } };
    expect(await tenant.outcome("t", {}, other)).toBe("policy_denied");
    const alone = bank(["deny: {}, limit: { max: 1, per: run }"]);
    const outside = { principal: testPrincipal };
    const probe = alone.boundary.connector(spec(() => Promise.resolve("ok"), read));
    expect((await probe.tryCall("x", outside)).ok).toBe(true);
    expect((await probe.tryCall("x", outside)).ok).toBe(false);
  });

  test("counts the calls that began within its window", async () => {
    const { outcome, clock } = bank(["deny: {}, limit: { max: 2, per: run, window: 1h }"]);
    expect(await outcome("t")).toBe("ok");
    clock.advance(30 * 60_000);
    expect(await outcome("t")).toBe("ok");
    expect(await outcome("t")).toBe("policy_denied");
    clock.advance(30 * 60_000 + 1);
    expect(await outcome("t")).toBe("ok");
    expect(await outcome("t")).toBe("policy_denied");
  });

  test("counts a call that is taken up again after a crash once", async () => {
    const { outcome, clock } = bank(["deny: {}, limit: { max: 1, per: run }"]);
    expect(await outcome("t", {}, { logicalCallId: "turn-1-call-0" })).toBe("ok");
    clock.advance(5);
    expect(await outcome("t", {}, { logicalCallId: "turn-1-call-0" })).not.toBe("policy_denied");
    expect(await outcome("t", {}, { logicalCallId: "turn-2-call-0" })).toBe("policy_denied");
  });

  test.each<readonly [string, JsonObject]>([
    ["missing", {}],
    ["text", { amount: "1" }],
    ["below 0", { amount: -4_000 }],
  ])("counts as reached for an amount that is %s", async (_, args) => {
    const { call } = bank([transfers]);
    expect(await call("transfer", args)).toMatchObject({
      ok: false,
      error: { code: "boundary.policy_denied" },
      record: { decision: { failedConditions: [{ ruleId: "test/r0" }] } },
    });
  });

  test("of tokens counts the upper bound while a call is under way, and then what it used", async () => {
    const { outcome, call } = bank(["deny: {}, limit: { max: 100, per: run, sum: tokens }"], {
      estimate: () => ({ tokens: 60, costMicroUsd: 1 }),
      measure: () => ({ tokens: 30 }),
    });
    const both = await Promise.all([call("chat"), call("chat")]);
    expect(both.map(({ ok }) => ok)).toEqual([true, false]);
    expect(await outcome("chat")).toBe("ok");
    expect(await outcome("chat")).toBe("policy_denied");
  });

  test("of cost is in US dollars", async () => {
    const { outcome } = bank(["deny: {}, limit: { max: 0.5, per: run, sum: costUsd }"], {
      estimate: () => ({ costMicroUsd: 250_000 }),
      measure: () => ({ costMicroUsd: 250_000 }),
    });
    expect(await outcome("chat")).toBe("ok");
    expect(await outcome("chat")).toBe("ok");
    expect(await outcome("chat")).toBe("policy_denied");
  });

  test("that asks lets pass what a person approves, and counts it", async () => {
    const { call, outcome, approvals, sent } = bank(["ask: {}, limit: { max: 1, per: run }"]);
    const second = { logicalCallId: "second" };
    expect(await outcome("t")).toBe("ok");
    expect(await call("t", {}, second)).toMatchObject({
      error: { code: "boundary.approval_required", approvalId: "approval-1", ruleId: "test/r0" },
    });
    expect(sent).toHaveLength(1);
    approvals.decide("approval-1", "approved");
    expect(await outcome("t", {}, second)).toBe("ok");
    expect(approvals.stateOf("approval-1")).toBe("consumed");
    expect(await outcome("t")).toBe("approval_required");
  });

  test("that denies is looked at before a person is asked", async () => {
    const { outcome, approvals } = bank(["ask: {}", "deny: {}, limit: { max: 1, per: run }"]);
    expect(await outcome("t", {}, { logicalCallId: "a" })).toBe("approval_required");
    approvals.decide("approval-1", "approved");
    expect(await outcome("t", {}, { logicalCallId: "a" })).toBe("ok");
    expect(await outcome("t", {}, { logicalCallId: "b" })).toBe("policy_denied");
    expect(approvals.stateOf("approval-2")).toBeUndefined();
  });

  test("in shadow counts and says when it would have held; in dry-run nothing is sent beyond it", async () => {
    const shadow = bank(["deny: {}, limit: { max: 1, per: run }, mode: shadow"]);
    expect(await shadow.outcome("t")).toBe("ok");
    expect((await shadow.call("t")).record).toMatchObject({
      outcome: "ok",
      decision: { effect: "allow", shadow: [{ ruleId: "test/r0", effect: "deny" }] },
    });
    expect(shadow.audit.closed[0]?.decision.shadow).toBeUndefined();
    const dry = bank(["ask: {}, limit: { max: 1, per: run }, mode: dry-run"]);
    expect(await dry.outcome("t")).toBe("ok");
    expect(await dry.outcome("t")).toBe("dry_run");
    expect(dry.sent).toHaveLength(1);
  });

  test("is not touched by a call that an open breaker refuses", async () => {
    const { boundary } = testBoundary({
      breaker: { minimumAttempts: 1 },
      policy: policyOf("allow", "deny: {}, limit: { max: 2, per: run }"),
    });
    let down = true;
    const connector = boundary.connector(
      spec(
        () =>
          down ? Promise.reject(new BoundaryError("upstream_5xx", "down")) : Promise.resolve("ok"),
        read,
        { maxAttempts: 1 },
      ),
    );
    const outcomes: string[] = [];
    for (let call = 0; call < 4; call += 1) {
      outcomes.push((await connector.tryCall("x", options)).record.outcome);
    }
    down = false;
    const other = boundary.connector(
      spec(() => Promise.resolve("ok"), { ...read, host: "b.example.org" }),
    );
    outcomes.push((await other.tryCall("x", options)).record.outcome);
    outcomes.push((await other.tryCall("x", options)).record.outcome);
    expect(outcomes.map((outcome) => outcome.replace("boundary.", ""))).toEqual([
      "upstream_5xx",
      "circuit_open",
      "circuit_open",
      "circuit_open",
      "ok",
      "policy_denied",
    ]);
  });

  test("keeps a call out when what it uses cannot be counted", async () => {
    const broken: LimitUses = {
      hold: () => {
        throw new Error("the disk is full");
      },
      use: () => {},
      release: () => {},
      usage: () => ({ calls: 0, amount: 0, held: 0 }),
    };
    const { boundary } = testBoundary({
      policy: policyOf("allow", "deny: {}, limit: { max: 1, per: run }"),
      parts: { limitUses: broken },
    });
    let sent = 0;
    const connector = boundary.connector(spec(() => Promise.resolve(String((sent += 1))), read));
    expect(await connector.tryCall("x", options)).toMatchObject({
      ok: false,
      error: { code: "boundary.internal" },
    });
    expect(sent).toBe(0);
  });
});

describe("what must come first", () => {
  const rule = "deny: { tool: deploy }, before: { tool: run_tests }";

  test("is waited for, in the same run", async () => {
    const { outcome } = bank([rule]);
    expect(await outcome("deploy")).toBe("policy_denied");
    expect(await outcome("run_tests", {}, { runId: "other" })).toBe("ok");
    expect(await outcome("deploy")).toBe("policy_denied");
    expect(await outcome("run_tests")).toBe("ok");
    expect(await outcome("deploy")).toBe("ok");
    expect(await outcome("deploy")).toBe("ok");
  });

  test("must have succeeded: not failed, not be under way, not have answered with an error", async () => {
    const failing = bank([rule], { succeeded: (output) => output === "done" });
    failing.answers(() => Promise.reject(new BoundaryError("tool_error", "red")));
    expect(await failing.outcome("run_tests")).toBe("tool_error");
    expect(await failing.outcome("deploy")).toBe("policy_denied");
    failing.answers(() => Promise.resolve("1 test failed"));
    expect(await failing.outcome("run_tests")).toBe("ok");
    expect(await failing.outcome("deploy")).toBe("policy_denied");
    failing.answers(() => Promise.resolve("done"));
    const [, atOnce] = await Promise.all([failing.call("run_tests"), failing.call("deploy")]);
    expect(atOnce.ok).toBe(false);
    expect(await failing.outcome("deploy")).toBe("ok");
  });

  test("cannot have come before a call outside of any run", async () => {
    const { call } = bank([rule]);
    const outside = { principal: testPrincipal };
    const { boundary } = testBoundary({ policy: policyOf("allow", rule) });
    const facts = { ...read, tool: "deploy" };
    const deploy = boundary.connector(spec(() => Promise.resolve("ok"), facts));
    await call("run_tests");
    expect((await deploy.tryCall("x", outside)).ok).toBe(false);
  });

  test("asks once in a run where a rule waits for what it asks about", async () => {
    const { outcome, approvals } = bank(["ask: { tool: send }, before: { tool: send }"]);
    expect(await outcome("send", {}, { logicalCallId: "a" })).toBe("approval_required");
    approvals.decide("approval-1", "approved");
    expect(await outcome("send", {}, { logicalCallId: "a" })).toBe("ok");
    expect(await outcome("send", {}, { logicalCallId: "b" })).toBe("ok");
  });
});
