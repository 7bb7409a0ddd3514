import { describe, expect, test } from "vitest";
import type { CallFacts, Decision, PolicyDecider, SessionRule } from "../../boundary/types.ts";
import { type ReplayQuestions, replayPolicy } from "./policy.ts";

const facts: CallFacts = { operation: "tools/call", effect: "write", repeat: "once" };

const counted = (effect: SessionRule["effect"]): SessionRule => ({
  ruleId: "p/counted",
  effect,
  mode: "enforce",
  reason: "enough",
});

function decided(
  effect: Decision["effect"],
  questions: Partial<ReplayQuestions>,
  session?: readonly SessionRule[],
): Decision {
  const policy: PolicyDecider = {
    version: "v",
    decide: () => ({
      effect,
      ruleId: "p/rule",
      matched: ["p/rule"],
      policyVersion: "v",
      ...(session === undefined ? {} : { session }),
    }),
  };
  const all = { trusted: false, outside: false, live: false, ...questions };
  return replayPolicy(policy, all).decide(facts, "tool:x", { tenant: "t", user: "u" });
}

describe("the policy of a run in its replay", () => {
  test.each([{}, { trusted: true }, { live: true }, { outside: true, live: true }])(
    "denies what it denies: %j",
    (questions) => {
      expect(decided("deny", questions)).toMatchObject({ effect: "deny", ruleId: "p/rule" });
    },
  );

  test.each([
    [{}, "allow", "p/rule"],
    [{ trusted: true }, "allow", "p/rule"],
    [{ outside: true, live: true }, "ask", "replay/live"],
  ] as const)("of what it allows, in the case %j: %s", (questions, effect, ruleId) => {
    expect(decided("allow", questions)).toMatchObject({ effect, ruleId });
  });

  test.each([
    [{ trusted: true }, "allow", "replay/asked-then"],
    [{ trusted: true, live: true }, "allow", "replay/asked-then"],
    [{}, "deny", "replay/not-asked"],
    [{ live: true }, "ask", "p/rule"],
    [{ outside: true, live: true, trusted: true }, "ask", "replay/live"],
  ] as const)("of what it asks about, in the case %j: %s", (questions, effect, ruleId) => {
    expect(decided("ask", questions)).toMatchObject({ effect, ruleId });
  });

  test.each([
    [{ trusted: true }, []],
    [{}, [{ effect: "deny", ruleId: "replay/not-asked" }]],
    [{ live: true }, [{ effect: "ask", ruleId: "p/counted" }]],
  ] as const)("of rules about earlier calls that ask, in the case %j", (questions, left) => {
    expect(decided("allow", questions, [counted("ask")]).session).toMatchObject(left);
    expect(decided("allow", questions, [counted("deny")]).session).toEqual([counted("deny")]);
  });
});
