import { expect, test } from "vitest";
import type { CallFacts } from "../types.ts";
import { compilePolicy } from "./compile.ts";
import { explainDecision, explanationText } from "./explain.ts";
import { parsePack } from "./pack-file.ts";

const pack = parsePack(
  `pack: p
version: 1
description: d
default: allow
rules:
  - id: abroad
    deny: { connector: "web:*", host: ["*.example.org", a.net], port: 443 }
    reason: Not there.
  - id: writes
    ask: { effect: [write, destructive] }
    reason: Writing asks.
  - id: large
    deny: { effect: write }
    when: args.size > 9
    reason: Too much.
  - id: all
    allow: {}
    reason: The rest is fine.
`,
  "p.yaml",
);
const policy = compilePolicy([pack], { blocklist: { operations: ["exec"] } });
const facts: CallFacts = {
  operation: "http.put",
  effect: "write",
  repeat: "keyed",
  host: "B.net",
  args: { size: 9 },
};
const principal = { tenant: "home", user: "ann" };

test("says of each rule whether it matches, and which keys fail", () => {
  const { decision, rules } = explainDecision(policy, facts, "web:fetch", principal);
  expect(decision).toEqual(policy.decide(facts, "web:fetch", principal));
  expect(rules.map((rule) => [rule.ruleId, rule.matched, rule.decides])).toEqual([
    ["p/abroad", false, false],
    ["p/writes", true, true],
    ["p/large", false, false],
    ["p/all", true, false],
    ["settings/blocked-operations", false, false],
  ]);
  expect(rules[0]?.keys).toEqual([
    { key: "connector", wanted: ["web:*"], actual: "web:fetch", holds: true },
    { key: "host", wanted: ["*.example.org", "a.net"], actual: "b.net", holds: false },
    { key: "port", wanted: [443], holds: false },
  ]);
  expect(rules.filter((rule) => rule.matched).map((rule) => rule.ruleId)).toEqual(decision.matched);
});

test("reads as lines for a person", () => {
  expect(explanationText(explainDecision(policy, facts, "web:fetch", principal))).toBe(
    [
      "ask: p/writes",
      "  Writing asks.",
      "",
      '- deny  p/abroad: does not match, host is "b.net", the rule wants "*.example.org" or "a.net"; the call has no port, the rule wants 443 (p.yaml:6:5)',
      '> ask   p/writes: matches, effect is "write" (p.yaml:9:5)',
      '- deny  p/large: does not match, effect is "write"; `args.size > 9` is false (p.yaml:12:5)',
      "+ allow p/all: matches every call (p.yaml:16:5)",
      '- deny  settings/blocked-operations: does not match, operation is "http.put", the rule wants "exec" (settings)',
      "",
    ].join("\n"),
  );
});

test("says of a condition that it could not be worked out, and what that means", () => {
  const { decision, rules } = explainDecision(policy, { ...facts, args: {} }, "web:f", principal);
  expect(rules[2]).toMatchObject({
    matched: true,
    decides: true,
    when: { text: "args.size > 9", holds: true, problem: "no such key at `size`" },
  });
  expect(explanationText({ decision, rules })).toContain(
    '> deny  p/large: matches, effect is "write"; `args.size > 9` could not be worked out (no such key at `size`) (p.yaml:12:5)',
  );
});
