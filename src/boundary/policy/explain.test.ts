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
  - id: all
    allow: {}
    reason: The rest is fine.
`,
  "p.yaml",
);
const policy = compilePolicy([pack], { blocklist: { operations: ["exec"] } });
const facts: CallFacts = { operation: "http.put", effect: "write", repeat: "keyed", host: "B.net" };
const principal = { tenant: "home", user: "ann" };

test("says of each rule whether it matches, and which keys fail", () => {
  const { decision, rules } = explainDecision(policy, facts, "web:fetch", principal);
  expect(decision).toEqual(policy.decide(facts, "web:fetch", principal));
  expect(rules.map((rule) => [rule.ruleId, rule.matched, rule.decides])).toEqual([
    ["p/abroad", false, false],
    ["p/writes", true, true],
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
      "+ allow p/all: matches every call (p.yaml:12:5)",
      '- deny  settings/blocked-operations: does not match, operation is "http.put", the rule wants "exec" (settings)',
      "",
    ].join("\n"),
  );
});
