import { expect, test } from "vitest";
import { testPrincipal } from "../../test/support/boundary.ts";
import { read } from "../../test/support/connector.ts";
import { RememberedDecisions } from "./decisions.ts";
import { compilePolicy, loadPacks } from "./policy/index.ts";
import { parsePack } from "./policy/pack-file.ts";
import type { CallFacts, Decision, PolicyDecider } from "./types.ts";

function counting(ignoresArguments: boolean, says: Decision["effect"] = "allow") {
  let asked = 0;
  const policy: PolicyDecider = {
    version: "v1",
    ignoresArguments,
    decide: () => {
      asked += 1;
      return { effect: says, ruleId: "test/rule", matched: [], policyVersion: "v1" };
    },
  };
  return { policy, asked: () => asked };
}

test("a call that differs in its arguments alone is not decided about again", () => {
  const { policy, asked } = counting(true);
  const decisions = new RememberedDecisions();
  decisions.decide(policy, { ...read, args: { a: 1 } }, "http:x", testPrincipal);
  decisions.decide(policy, { ...read, args: { a: 2 } }, "http:x", { ...testPrincipal });
  expect(asked()).toBe(1);
});

test("a policy that may look at arguments decides about every call", () => {
  const { policy, asked } = counting(false);
  const decisions = new RememberedDecisions();
  decisions.decide(policy, read, "http:x", testPrincipal);
  decisions.decide(policy, read, "http:x", testPrincipal);
  expect(asked()).toBe(2);
});

test.each<[string, Partial<CallFacts>]>([
  ["operation", { operation: "put" }],
  ["effect", { effect: "write" }],
  ["repeat", { repeat: "once" }],
  ["tool", { tool: "other" }],
  ["tool digest", { toolDigest: "ff" }],
  ["host", { host: "other.example" }],
  ["port", { port: 8080 }],
  ["private address", { privateAddress: true }],
  ["address", { address: "10.0.0.1" }],
])("another %s is another call", (_what, changed) => {
  const { policy, asked } = counting(true);
  const decisions = new RememberedDecisions();
  decisions.decide(policy, read, "http:x", testPrincipal);
  decisions.decide(policy, { ...read, ...changed }, "http:x", testPrincipal);
  expect(asked()).toBe(2);
});

test.each([{ tenant: "other" }, { user: "bob" }, { agent: "writer@1" }])(
  "another principal is another call: %o",
  (changed) => {
    const { policy, asked } = counting(true);
    const decisions = new RememberedDecisions();
    decisions.decide(policy, read, "http:x", testPrincipal);
    decisions.decide(policy, read, "http:x", { ...testPrincipal, ...changed });
    expect(asked()).toBe(2);
  },
);

test("a swapped policy is asked although the call is known", () => {
  const [kind, strict] = [counting(true), counting(true, "deny")];
  const decisions = new RememberedDecisions();
  decisions.decide(kind.policy, read, "http:x", testPrincipal);
  expect(decisions.decide(strict.policy, read, "http:x", testPrincipal).effect).toBe("deny");
});

test("more tools than are remembered are all decided about", () => {
  const { policy } = counting(true);
  const decisions = new RememberedDecisions();
  for (let tool = 0; tool < 1_000; tool += 1) {
    const facts = { ...read, tool: `tool-${tool}` };
    expect(decisions.decide(policy, facts, "http:x", testPrincipal).effect).toBe("allow");
  }
});

test("the shipped packs look at facts alone; a rule with a field of another kind does not", () => {
  const packs = loadPacks({ select: ["default"] });
  expect(compilePolicy(packs).ignoresArguments).toBe(true);
  const text = `pack: looking
version: 1
description: looks at arguments
default: allow
rules:
  - id: large
    deny: { operation: transfer }
    when: args.amount > 500
    reason: Too much.`;
  const looking = parsePack(text, "looking.yaml");
  expect(compilePolicy([looking]).ignoresArguments).toBe(false);
});
