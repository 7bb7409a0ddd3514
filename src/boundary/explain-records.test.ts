import { describe, expect, test } from "vitest";
import { memoryApprovals, testBoundary, testPrincipal } from "../../test/support/boundary.ts";
import { options, read, spec, writeOnce } from "../../test/support/connector.ts";
import { policyOf } from "../../test/support/leave.ts";
import { manualClock } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import { createLimitUses } from "./limit-uses.ts";
import { createStandingLedger, type SharedBudgets } from "./standing-budgets.ts";
import type { CallOptions, ConnectorSpec } from "./types.ts";

/** A boundary under these rules, and calls that are explained first and then made. */
function house(
  rules: readonly string[],
  extra: Partial<ConnectorSpec<string, string, string>> = {},
  fallback: "allow" | "ask" | "deny" = "allow",
) {
  const clock = manualClock(1_000_000);
  const limitUses = createLimitUses();
  const writes: string[] = [];
  const approvals = memoryApprovals();
  const noted = <T extends object>(part: T, names: readonly (keyof T & string)[]): T => {
    const copy = { ...part };
    for (const name of names) {
      const work = part[name] as (...given: unknown[]) => unknown;
      Object.assign(copy, {
        [name]: (...given: unknown[]) => {
          writes.push(name);
          return work(...given);
        },
      });
    }
    return copy;
  };
  const made = testBoundary({
    clock,
    policy: policyOf(fallback, ...rules),
    parts: {
      limitUses: noted(limitUses, ["hold", "use", "release"]),
      approvals: noted(approvals, ["request", "consume", "restore"]),
    },
  });
  const connectorOf = (tool: string, args: JsonObject) =>
    made.boundary.connector(
      spec(
        () => Promise.resolve("done"),
        { ...writeOnce, operation: "tools/call", tool, args },
        { maxAttempts: 1, ...extra },
      ),
    );
  return {
    ...made,
    approvals,
    clock,
    writes,
    explain: (tool: string, args: JsonObject = {}, given: Partial<CallOptions<string>> = {}) =>
      connectorOf(tool, args).explain("x", { ...options, ...given }),
    outcome: async (
      tool: string,
      args: JsonObject = {},
      given: Partial<CallOptions<string>> = {},
    ) => {
      const { record } = await connectorOf(tool, args).tryCall("x", { ...options, ...given });
      return record.outcome.replace("boundary.", "");
    },
  };
}

describe("an explanation of rules that depend on earlier calls", () => {
  test("says what a run has used of a limit, what the call adds, and where it would stop", async () => {
    const transfers = "deny: { tool: transfer }, limit: { max: 5000, per: run, sum: args.amount }";
    const { explain, outcome } = house([transfers]);
    expect(await outcome("transfer", { amount: 3_000 })).toBe("ok");
    const fits = explain("transfer", { amount: 2_000 });
    expect(fits.stoppedBy).toBeUndefined();
    expect(fits.decision).toMatchObject({ effect: "allow", ruleId: "test/default" });
    expect(fits.session).toEqual([
      {
        ruleId: "test/r0",
        effect: "deny",
        mode: "enforce",
        reason: "because",
        holds: false,
        limit: { per: "run", quantity: "amount", used: 3_000, adds: 2_000, most: 5_000 },
      },
    ]);
    const beyond = explain("transfer", { amount: 2_001 });
    expect(beyond.stoppedBy).toBe("policy_denied");
    expect(beyond.decision).toMatchObject({ effect: "deny", ruleId: "test/r0", reason: "because" });
    expect(beyond.session).toMatchObject([{ holds: true, limit: { used: 3_000, adds: 2_001 } }]);
    expect(explain("transfer", { amount: 5_000 }, { runId: "other" }).stoppedBy).toBeUndefined();
    expect(await outcome("transfer", { amount: 2_001 })).toBe("policy_denied");
    expect(await outcome("transfer", { amount: 2_000 })).toBe("ok");
  });

  test("counts calls one by one, and only those within the window", async () => {
    const { explain, outcome, clock } = house([
      "deny: {}, limit: { max: 1, per: run, window: 1h }",
    ]);
    expect(await outcome("t")).toBe("ok");
    expect(explain("t")).toMatchObject({
      stoppedBy: "policy_denied",
      session: [{ limit: { quantity: "calls", used: 1, adds: 1, most: 1, windowMs: 3_600_000 } }],
    });
    clock.advance(3_600_001);
    expect(explain("t")).toMatchObject({
      stoppedBy: undefined,
      session: [{ holds: false, limit: { used: 0 } }],
    });
  });

  test("sums up tokens by what the call is estimated to use", () => {
    const { explain } = house(["deny: {}, limit: { max: 100, per: run, sum: tokens }"], {
      estimate: () => ({ tokens: 101 }),
    });
    expect(explain("chat")).toMatchObject({
      stoppedBy: "policy_denied",
      session: [{ holds: true, limit: { adds: 101, most: 100 } }],
    });
  });

  test("says whether what must come first has succeeded in the run", async () => {
    const { explain, outcome } = house(["deny: { tool: deploy }, before: { tool: run_tests }"]);
    expect(explain("deploy")).toMatchObject({
      stoppedBy: "policy_denied",
      session: [{ ruleId: "test/r0", holds: true }],
    });
    expect(await outcome("run_tests")).toBe("ok");
    expect(explain("deploy")).toMatchObject({
      stoppedBy: undefined,
      session: [{ ruleId: "test/r0", holds: false }],
    });
    expect(explain("deploy", {}, { runId: "other" }).stoppedBy).toBe("policy_denied");
  });

  test("says it of a limit before a person is asked, and of one in shadow only that it holds", () => {
    const asked = house(["ask: {}", "deny: {}, limit: { max: 1, per: run, sum: args.n }"]);
    expect(asked.explain("t", { n: 2 }).stoppedBy).toBe("policy_denied");
    expect(asked.explain("t", { n: 1 }).stoppedBy).toBe("approval_required");
    const shadow = house(["deny: {}, limit: { max: 1, per: run, sum: args.n }, mode: shadow"]);
    expect(shadow.explain("t", { n: 2 })).toMatchObject({
      stoppedBy: undefined,
      decision: { effect: "allow", shadow: [{ ruleId: "test/r0", effect: "deny" }] },
      session: [{ mode: "shadow", holds: true }],
    });
  });

  test("puts a limit behind the breaker and the rate limit, and before budgets, as the chain does", async () => {
    const { explain, outcome, budgets } = house(["deny: {}, limit: { max: 1, per: run }"]);
    budgets.open("empty", { calls: 0 });
    expect(await outcome("t")).toBe("ok");
    expect(explain("t", {}, { budgets: ["empty"] }).stoppedBy).toBe("policy_denied");
    const twice = house(["deny: {}, limit: { max: 1, per: run }"]);
    const limited = twice.boundary.connector(
      spec(() => Promise.resolve("ok"), read, { ratePerSecond: 1 }),
    );
    expect((await limited.tryCall("x", options)).ok).toBe(true);
    expect(limited.explain("x", options)).toMatchObject({
      stoppedBy: "rate_limited",
      decision: { effect: "deny", ruleId: "test/r0" },
    });
    expect(await limited.tryCall("x", options)).toMatchObject({ error: { kind: "rate_limited" } });
  });

  test("holds, asks and writes nothing", async () => {
    const { explain, outcome, writes, audit } = house([
      "ask: { tool: t }, limit: { max: 1, per: run }",
      "deny: { tool: t }, before: { tool: u }",
    ]);
    for (let time = 0; time < 3; time += 1) explain("t");
    expect([writes, audit.opened, audit.closed]).toEqual([[], [], []]);
    expect(await outcome("u")).toBe("ok");
    expect(await outcome("t")).toBe("ok");
  });
});

describe("an explanation of dry-run", () => {
  test("says that a rule in dry-run keeps the call back, unless another one denies it", async () => {
    const { explain, outcome } = house(["ask: { tool: t }, mode: dry-run", "deny: { tool: u }"]);
    expect(explain("t")).toMatchObject({
      stoppedBy: "dry_run",
      decision: { effect: "ask", dryRun: "test/r0" },
    });
    expect(await outcome("t")).toBe("dry_run");
    expect(explain("u").stoppedBy).toBe("policy_denied");
  });

  test("says it of a limit in dry-run that is reached", async () => {
    const { explain, outcome } = house(["ask: {}, limit: { max: 1, per: run }, mode: dry-run"]);
    expect(explain("t").stoppedBy).toBeUndefined();
    expect(await outcome("t")).toBe("ok");
    expect(explain("t").stoppedBy).toBe("dry_run");
    expect(await outcome("t")).toBe("dry_run");
  });
});

describe("an explanation of what a person is asked about", () => {
  test("looks up the answer to exactly this call", async () => {
    const { explain, outcome, approvals } = house(["ask: {}"]);
    const call = { logicalCallId: "turn-1-call-0" };
    expect(explain("t", {}, call)).toMatchObject({
      stoppedBy: "approval_required",
      approval: { state: "none" },
    });
    expect(await outcome("t", {}, call)).toBe("approval_required");
    expect(explain("t", {}, call)).toMatchObject({
      stoppedBy: "approval_required",
      approval: { id: "approval-1", state: "pending" },
    });
    approvals.decide("approval-1", "approved");
    expect(explain("t", {}, call)).toMatchObject({
      stoppedBy: undefined,
      approval: { id: "approval-1", state: "approved" },
    });
    expect(explain("t", { other: 1 }, call).approval).toEqual({ state: "none" });
    expect(explain("t", {}, { logicalCallId: "turn-2-call-0" }).stoppedBy).toBe(
      "approval_required",
    );
    expect(await outcome("t", {}, call)).toBe("ok");
    // Used up: the next such call asks again.
    expect(explain("t", {}, call).approval).toEqual({ state: "none" });
  });

  test("says that a person has denied it", async () => {
    const { explain, outcome, approvals } = house(["ask: {}"]);
    const call = { logicalCallId: "a" };
    await outcome("t", {}, call);
    approvals.decide("approval-1", "denied");
    expect(explain("t", {}, call).stoppedBy).toBe("approval_denied");
    expect(await outcome("t", {}, call)).toBe("approval_denied");
  });

  test("says that nobody is asked about more arguments than a person could look through", async () => {
    const { explain, outcome } = house(["ask: {}"]);
    const long = { text: "x".repeat(70_000) };
    expect(explain("t", long).stoppedBy).toBe("approval_denied");
    expect(await outcome("t", long)).toBe("approval_denied");
  });

  test("looks for none where no person would be asked", () => {
    expect(house([]).explain("t").approval).toBeUndefined();
    expect(house(["deny: {}"]).explain("t").approval).toBeUndefined();
  });
});

describe("an explanation of standing budgets", () => {
  const perDay = { name: "daily", per: "tenant", period: "day" } as const;

  /** Shared budgets that note who takes anything. */
  function shared(used: number) {
    const taken: string[] = [];
    const take = (name: string) => () => {
      taken.push(name);
      return { granted: true } as const;
    };
    const budgets: SharedBudgets = {
      define: take("define"),
      draw: take("draw"),
      giveBack: take("giveBack"),
      get: () => ({ used: { calls: used, tokens: 0, costMicroUsd: 0, milliseconds: 0 } }),
    };
    return { budgets, taken };
  }

  function under(budgets: SharedBudgets, calls: number) {
    const clock = manualClock(0);
    const standing = createStandingLedger({
      budgets: [
        { ...perDay, limits: { calls } },
        { name: "agents", per: "agent", period: "day", limits: { calls: 1 } },
      ],
      storeOf: () => budgets,
      now: () => clock.now(),
    });
    const { boundary } = testBoundary({ clock, standing });
    return boundary.connector(spec(() => Promise.resolve("ok"), read));
  }

  test("says what is left of each that counts the call, and draws nothing", () => {
    const { budgets, taken } = shared(9);
    expect(under(budgets, 10).explain("x", { principal: testPrincipal })).toMatchObject({
      stoppedBy: undefined,
      standing: [{ budget: "daily/tenant:acme/1970-01-01", left: { calls: 1 }, fits: true }],
    });
    expect(under(budgets, 9).explain("x", { principal: testPrincipal })).toMatchObject({
      stoppedBy: "budget_exceeded",
      standing: [{ left: { calls: 0 }, fits: false }],
    });
    expect(taken).toEqual([]);
  });
});
