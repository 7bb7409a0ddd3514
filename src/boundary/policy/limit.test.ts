import { describe, expect, test } from "vitest";
import type { Agent33Error } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";
import { leaveFor, policyOf } from "../../../test/support/leave.ts";
import type { CallFacts } from "../types.ts";
import { explainDecision, explanationText } from "./explain.ts";

const principal = { tenant: "home", user: "ann" };
const facts: CallFacts = {
  operation: "post",
  effect: "write",
  repeat: "once",
  tool: "pay",
  args: { amount: 1 },
};

function failure(...rules: readonly string[]): Agent33Error {
  const result = attempt(() => policyOf("allow", ...rules));
  if (result.ok) throw new Error("the policy was accepted");
  return result.error;
}

describe("a limit that means nothing is refused at start-up", () => {
  test.each([
    ["allow: {}, limit: { max: 1, per: run }", /only deny and ask/],
    ["deny: {}, limit: { max: 0, per: run }", /limit\.max/],
    ["deny: {}, limit: { max: 1.5, per: run }", /counted whole/],
    ["deny: {}, limit: { max: 1, per: user }", /needs a window/],
    ["deny: {}, limit: { max: 1, per: run, window: 1w }", /limit\.window/],
    ["deny: {}, limit: { mx: 1, per: run }", /unknown key "mx"/],
    ["deny: {}, limit: { max: 1, per: run }, before: { tool: a }", /not both/],
    ["allow: {}, before: { tool: a }", /only deny and ask/],
    ["deny: {}, before: { tol: a }", /unknown key "tol"/],
  ])("%s", (rule, message) => {
    const error = failure(rule);
    expect(error.code).toBe("policy.malformed_pack");
    expect(error.message).toMatch(message);
    expect(error.details).toMatchObject({ file: "test.yaml", line: 6 });
  });

  test("names the nearest key", () => {
    expect(failure("deny: {}, limit: { mx: 1, per: run }").hint).toContain('"max"');
    expect(failure("deny: {}, before: { tol: a }").hint).toContain('"tool"');
  });

  test.each([
    ["sum: args.amout && true", "policy.malformed_condition", /not a number/],
    ["sum: tokns", "policy.malformed_condition", /no fact "tokns"/],
    ["sum: 5 + 5", "policy.malformed_condition", /nothing of the call/],
  ])("%s", (sum, code, message) => {
    const error = failure(`deny: {}, limit: { max: 1, per: run, ${sum} }`);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toContain("rules.0.limit.sum: ");
  });

  test("also where it waits for what cannot come", () => {
    const denied = failure("deny: { tool: a }, before: { tool: a, effect: read }");
    expect(denied.code).toBe("policy.never_matches");
    expect(denied.message).toContain("waits for a call that it denies itself");
    expect(failure("deny: {}, before: { connector: mcp }").message).toMatch(/not of the form/);
  });
});

describe("a rule with a limit", () => {
  test("covers no other rule, because it does not always hold, and may itself be covered", () => {
    const limited = "deny: { tool: a }, limit: { max: 1, per: run }";
    expect(policyOf("deny", "allow: { tool: a }", limited).rules).toHaveLength(2);
    expect(failure("deny: { tool: a }", "ask: { tool: a }, limit: { max: 1, per: run }").code).toBe(
      "policy.shadowed",
    );
  });

  test("changes the version of the policy with whatever is in it", () => {
    const versions = [
      "deny: {}",
      "deny: {}, limit: { max: 1, per: run }",
      "deny: {}, limit: { max: 2, per: run }",
      "deny: {}, limit: { max: 1, per: tenant, window: none }",
      "deny: {}, limit: { max: 1, per: run, window: 1h }",
      "deny: {}, limit: { max: 1, per: run, sum: tokens }",
      "deny: {}, limit: { max: 1, per: run, sum: args.a }",
      "deny: { tool: b }, before: { tool: a }",
      "deny: { tool: b }, before: { tool: c }",
    ].map((rule) => policyOf("allow", rule).version);
    expect(new Set(versions).size).toBe(versions.length);
  });

  test("is explained as holding beyond it", () => {
    const policy = policyOf(
      "allow",
      "deny: { tool: pay }, limit: { max: 5000, per: user, window: 1d, sum: args.amount }",
      "ask: { tool: pay }, before: { tool: look }",
    );
    const text = explanationText(explainDecision(policy, facts, "mcp:bank", principal));
    expect(text).toContain("allow: test/default");
    expect(text).toContain(
      '~ deny  test/r0: matches, tool is "pay"; holds beyond 5000 of `args.amount` per user in 1d (test.yaml:6:5)',
    );
    expect(text).toContain("holds until a call of which tool is `look` has succeeded in the run");
  });

  test("that only an address brings in cannot be counted, so the request is refused", () => {
    const policy = policyOf(
      "allow",
      "allow: { private: true }",
      "deny: { host: 10.0.0.1 }, limit: { max: 9, per: run }",
    );
    const leave = leaveFor(policy, { host: "box.test", port: 80 });
    expect(() => leave.check({ host: "box.test", port: 80, address: "10.0.0.2" })).not.toThrow();
    expect(() => leave.check({ host: "box.test", port: 80, address: "10.0.0.1" })).toThrow(
      /may not reach box\.test:80/,
    );
    const counted = leaveFor(policy, { host: "10.0.0.1", port: 80 });
    expect(() => counted.check({ host: "10.0.0.1", port: 81, address: "10.0.0.1" })).not.toThrow();
  });
});
