import { describe, expect, test } from "vitest";
import { err, ok } from "../../../base/result.ts";
import { policyOf } from "../../../../test/support/leave.ts";
import { type CallLog, readRecordedCall, type RecordedCall } from "./recorded-call.ts";
import { createReplay } from "./replay.ts";

interface Made extends Readonly<Record<string, unknown>> {
  readonly args?: Readonly<Record<string, number | string>>;
  /** What the log says of its end; undefined where it says nothing. */
  readonly succeeded?: boolean | undefined;
  readonly noArguments?: boolean;
}

let calls = 0;

/** A call of a run as the audit kept it: by default one that was sent and answered. */
function recorded(tool: string, at: number, more: Made = {}) {
  const { args, succeeded, noArguments, ...fields } = more;
  calls += 1;
  const record = {
    callId: `c${String(calls).padStart(4, "0")}`,
    runId: "r1",
    logicalCallId: `call-${calls}`,
    at,
    durationMs: 1,
    principal: { tenant: "t", user: "u" },
    connector: "mcp:bank",
    operation: "tools/call",
    effect: "write",
    repeat: "once",
    tool,
    ...(args === undefined ? {} : { argsDigest: "x" }),
    decision: { effect: "allow", ruleId: "other/default", policyVersion: "other" },
    spend: {},
    outcome: "ok",
    ...fields,
  };
  // As it comes out of the store: without what is undefined.
  const read = readRecordedCall(JSON.parse(JSON.stringify(record)));
  if (!read.ok) throw new Error(read.error);
  const log: CallLog = {
    arguments: () => (noArguments === true ? err("no_log") : ok(args)),
    succeeded: () => (fields["outcome"] === undefined ? succeeded : undefined),
  };
  return { call: read.value, log };
}

type Recorded = ReturnType<typeof recorded>;

const refused = (by: string): Made => ({ outcome: `boundary.${by}`, spend: undefined });

/** What the rules say of the calls, whatever order they come in: `deny` by its id, in order of time. */
function replayed(rules: readonly string[], made: readonly Recorded[]) {
  const denied: string[] = [];
  const replay = createReplay(policyOf("allow"), policyOf("allow", ...rules));
  for (const { call, log } of made) replay.take(call, log);
  const report = replay.report();
  for (const { after, rules: pairs } of report.changes) {
    for (const pair of pairs) denied.push(`${pair.calls} ${after} ${pair.after}`);
  }
  return { ...report, denied };
}

describe("limits of a replayed policy", () => {
  const two = "deny: { tool: pay }, limit: { max: 2, per: run }";

  test("count the calls before, in order of time and not of the audit", () => {
    const made = [1, 2, 3, 4].map((at) => recorded("pay", at));
    const { changes, denied, same } = replayed([two], made.toReversed());
    expect([same, denied]).toEqual([2, ["2 deny test/r0"]]);
    expect(changes[0]?.examples.map(({ at }) => at)).toEqual([3, 4]);
  });

  test("leave out calls that were never sent, and take in those whose process died", () => {
    const idle = recorded("pay", 1, refused("circuit_open"));
    const dead = recorded("pay", 2, { outcome: "open", spend: undefined });
    const lost = recorded("pay", 3, { outcome: "boundary.outcome_unknown" });
    const late = recorded("pay", 4);
    expect(replayed([two], [idle, dead, lost, late]).changes).toMatchObject([
      { calls: 1, examples: [{ at: 4 }] },
    ]);
  });

  test("take in a call that the policy of then refused and this one allows", () => {
    const made = [
      recorded("pay", 1, refused("policy_denied")),
      recorded("pay", 2, refused("approval_required")),
      recorded("pay", 3),
    ];
    expect(replayed([two], made)).toMatchObject({ same: 2, changes: [{ examples: [{ at: 3 }] }] });
  });

  test("leave out a call that this policy refuses itself", () => {
    const rules = [two, "deny: { tool: pay }, when: args.n == 1"];
    const made = [1, 1, 2, 2, 2].map((n, at) => recorded("pay", at, { args: { n } }));
    expect(replayed(rules, made).denied).toEqual(["2 deny test/r1", "1 deny test/r0"]);
  });

  test("leave out a call that this policy keeps back in dry-run", () => {
    const rules = [
      "allow: { tool: pay }, when: args.n == 1, mode: dry-run",
      "deny: { tool: pay }, limit: { max: 1, per: run }",
    ];
    const made = [1, 2, 2].map((n, at) => recorded("pay", at, { args: { n } }));
    expect(replayed(rules, made).changes).toMatchObject([{ calls: 1, examples: [{ at: 2 }] }]);
  });

  test("are in no doubt about a call once that has left their window", () => {
    const rule = "deny: {}, limit: { max: 100, per: run, window: 1s, sum: args.amount }";
    const unknown = recorded("pay", 0, { args: { amount: 1 }, noArguments: true });
    const later = [500, 1_501].map((at) => recorded("pay", at, { args: { amount: 1 } }));
    expect(replayed([rule], [unknown, ...later])).toMatchObject({
      same: 1,
      notReplayed: { no_log: 1, earlier_unknown: 1 },
    });
  });

  test("of a call that a person is asked about count it where it was made", () => {
    const rules = ["ask: { tool: pay }", "deny: { tool: pay }, limit: { max: 1, per: run }"];
    const made = [
      recorded("pay", 1, refused("approval_required")),
      recorded("pay", 2),
      recorded("pay", 3),
    ];
    expect(replayed(rules, made).denied).toEqual(["2 ask test/r0", "1 deny test/r1"]);
  });

  test("count a call that was taken up again once", () => {
    const again = { logicalCallId: "same" };
    const made = [recorded("pay", 1, again), recorded("pay", 2, again), recorded("pay", 3)];
    expect(replayed([two], made)).toMatchObject({ same: 3, changes: [] });
  });

  test.each([
    ["run", { runId: "r2" }],
    ["user", { principal: { tenant: "t", user: "v" } }],
    ["agent", { principal: { tenant: "t", user: "u", agent: "a@1" } }],
  ])("per %s are counted for each by itself", (per, other) => {
    const rule = `deny: {}, limit: { max: 1, per: ${per}, window: none }`;
    const made = [recorded("x", 1), recorded("x", 2, other), recorded("x", 3)];
    expect(replayed([rule], made).changes).toMatchObject([{ calls: 1, examples: [{ at: 3 }] }]);
  });

  test("count within their window", () => {
    const rule = "deny: {}, limit: { max: 1, per: run, window: 1s }";
    const made = [0, 1_000, 1_001, 2_002].map((at) => recorded("x", at));
    expect(replayed([rule], made).changes).toMatchObject([{ calls: 1, examples: [{ at: 1_000 }] }]);
  });

  test("sum up amounts of the arguments, and leave the call out whose arguments are not there", () => {
    const rule = "deny: { tool: pay }, limit: { max: 100, per: run, sum: args.amount }";
    const pay = (at: number, amount: number, more: Made = {}) =>
      recorded("pay", at, { args: { amount }, ...more });
    expect(replayed([rule], [pay(1, 60), pay(2, 60), pay(3, 40)]).changes).toMatchObject([
      { calls: 1, examples: [{ at: 2 }] },
    ]);
    const unsure = [pay(1, 60), pay(2, 10, { noArguments: true }), pay(3, 30), pay(4, 100)];
    expect(replayed([rule], [...unsure, recorded("look", 5)])).toMatchObject({
      calls: 5,
      same: 2,
      notReplayed: { no_log: 1, earlier_unknown: 1 },
      changes: [{ calls: 1, examples: [{ at: 4 }] }],
    });
  });

  test("of tokens are weighed by what was used, and it is said of how many calls", () => {
    const rule = "deny: { tool: chat }, limit: { max: 100, per: run, sum: tokens }";
    const chat = (at: number, tokens: number, more: Made = {}) =>
      recorded("chat", at, { spend: { tokens }, ...more });
    const made = [chat(1, 60), chat(2, 60), chat(3, 40), chat(4, 1), recorded("look", 5)];
    expect(replayed([rule], made)).toMatchObject({
      calls: 5,
      same: 3,
      byUse: 4,
      notReplayed: {},
      changes: [{ calls: 2, examples: [{ at: 2 }, { at: 4 }] }],
    });
    const never = chat(1, 0, refused("policy_denied"));
    expect(replayed([rule], [never, chat(2, 1), chat(3, 101)])).toMatchObject({
      notReplayed: { no_estimate: 1, earlier_unknown: 1 },
      changes: [{ calls: 1, examples: [{ at: 3 }] }],
    });
  });

  test("are not looked at for a call that was stopped before them", () => {
    const busy = recorded("pay", 3, refused("rate_limited"));
    expect(replayed([two], [recorded("pay", 1), recorded("pay", 2), busy])).toMatchObject({
      same: 3,
      changes: [],
    });
  });

  test("in shadow change nothing", () => {
    const shadow = "deny: {}, limit: { max: 1, per: run }, mode: shadow";
    expect(replayed([shadow], [recorded("x", 1), recorded("x", 2)]).same).toBe(2);
  });
});

describe("what must come first in a replayed policy", () => {
  const rule = "deny: { tool: deploy }, before: { tool: run_tests }";
  const tests = (at: number, more: Made = {}) =>
    recorded("run_tests", at, { succeeded: true, ...more });

  test("must have succeeded before in the same run", () => {
    const made = [recorded("deploy", 1), tests(2), recorded("deploy", 10)];
    expect(replayed([rule], made).changes).toMatchObject([{ calls: 1, examples: [{ at: 1 }] }]);
    const elsewhere = [tests(1, { runId: "r2" }), recorded("deploy", 10)];
    expect(replayed([rule], elsewhere).denied).toEqual(["1 deny test/r0"]);
    const outside = [tests(1, { runId: undefined }), recorded("deploy", 10, { runId: undefined })];
    expect(replayed([rule], outside).denied).toEqual(["1 deny test/r0"]);
  });

  test.each([
    ["failed", { outcome: "boundary.tool_error" }],
    ["answered with an error", { succeeded: false }],
    ["not ended when the call began", { durationMs: 20 }],
    ["never been sent", refused("circuit_open")],
  ])("must not have %s", (_, how) => {
    expect(replayed([rule], [tests(1, how), recorded("deploy", 10)]).denied).toEqual([
      "1 deny test/r0",
    ]);
  });

  test("is not replayed where the log does not say whether it succeeded", () => {
    for (const how of [{ succeeded: undefined }, { outcome: "open", spend: undefined }]) {
      expect(replayed([rule], [tests(1, how), recorded("deploy", 10)])).toMatchObject({
        same: 1,
        notReplayed: { no_result: 1 },
      });
    }
    // A call without a tool has no answer that is an error.
    const opened = { tool: undefined, operation: "session/open", succeeded: undefined };
    const waits = "deny: { tool: deploy }, before: { operation: session/open }";
    expect(replayed([waits], [recorded("x", 1, opened), recorded("deploy", 10)]).same).toBe(2);
  });

  test("has not come where this policy refuses it", () => {
    const rules = [rule, "deny: { tool: run_tests }"];
    expect(replayed(rules, [tests(1), recorded("deploy", 10)]).denied).toEqual([
      "1 deny test/r1",
      "1 deny test/r0",
    ]);
  });

  test("may have come where only this policy allows it", () => {
    const made = [tests(1, refused("policy_denied")), recorded("deploy", 10)];
    expect(replayed([rule], made)).toMatchObject({ same: 1, notReplayed: { no_result: 1 } });
  });

  test("does not matter where another rule decides anyway", () => {
    const rules = [rule, "deny: { tool: deploy }, when: args.n > 0"];
    const unsure = [tests(1, { succeeded: undefined }), recorded("deploy", 2, { args: { n: 1 } })];
    expect(replayed(rules, unsure)).toMatchObject({ same: 1, notReplayed: {} });
  });
});

describe("a record that the old policy made itself", () => {
  const old = policyOf("allow", "deny: {}, limit: { max: 100, per: run, sum: tokens }");
  const byOld = (effect: string, ruleId: string): Made => ({
    decision: { effect, ruleId, policyVersion: old.version },
  });

  test("is believed where it cannot be worked out again", () => {
    const replay = createReplay(old, policyOf("deny"));
    const never = recorded("x", 1, {
      ...refused("approval_denied"),
      ...byOld("ask", "test/gone"),
    });
    const made = recorded("x", 2, { spend: { tokens: 1 }, ...byOld("allow", "test/default") });
    for (const { call, log } of [never, made]) replay.take(call, log);
    expect(replay.report()).toMatchObject({
      notReplayed: {},
      byUse: 0,
      changes: [{ before: "ask" }, { before: "allow" }],
    });
  });

  test("is not compared where working it out again gives something else", () => {
    const replay = createReplay(old, old);
    const made = recorded("x", 1, { spend: { tokens: 500 }, ...byOld("allow", "test/default") });
    replay.take(made.call, made.log);
    expect(replay.report().notReplayed).toEqual({ not_reproduced: 1 });
  });
});

test("a place that brings a counted rule in by itself is refused, as it is when a call leaves", () => {
  const rule = "deny: { host: 93.184.216.34 }, limit: { max: 9, per: run }";
  const there: Partial<RecordedCall> = { host: "a.example", connectedTo: ["93.184.216.34:443"] };
  expect(replayed([rule], [recorded("get", 1, there)]).denied).toEqual(["1 deny test/r0"]);
});
