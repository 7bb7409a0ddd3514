import { expect, test } from "vitest";
import { compilePolicy } from "../compile.ts";
import { parsePack } from "../pack-file.ts";
import { directionOf } from "./direction.ts";

const policy = (rules: string, fallback = "ask") =>
  compilePolicy([
    parsePack(
      `{pack: p, version: 1, description: d, default: ${fallback}, rules: [${rules}]}`,
      "p.yaml",
    ),
  ]);
const rule = (words: string, id = "r"): string => `{id: ${id}, reason: because, ${words}}`;
const way = (before: string, after: string) => directionOf(policy(before), policy(after)).overall;

test.each([
  ["", "deny: {tool: rm}", "tightened"],
  ["deny: {tool: rm}", "", "loosened"],
  ["", "allow: {tool: ls}", "loosened"],
  ["allow: {tool: ls}", "", "tightened"],
  ["ask: {tool: rm}", "deny: {tool: rm}", "tightened"],
  ["deny: {tool: rm}", "ask: {tool: rm}", "loosened"],
  ["deny: {tool: rm}", 'deny: {tool: "rm*"}', "tightened"],
  ['allow: {tool: "ls*"}', "allow: {tool: ls}", "tightened"],
  ["allow: {tool: ls}", "allow: {tool: [ls, cat]}", "loosened"],
  ["deny: {tool: rm}", "deny: {tool: cp}", "unclear"],
  ["deny: {tool: rm}", "allow: {tool: [rm, cp]}", "unclear"],
  ["ask: {host: a.example}", "ask: {host: a.example, private: true}", "unclear"],
  ["", "ask: {host: a.example, private: true}", "unclear"],
  ["deny: {tool: rm}", "deny: {tool: rm}, mode: shadow", "loosened"],
  ["deny: {tool: rm}, mode: shadow", "deny: {tool: rm}", "tightened"],
  ["allow: {tool: ls}", "allow: {tool: ls}, mode: dry-run", "tightened"],
  ["deny: {tool: rm}", 'deny: {tool: rm}, when: "args.x == 1"', "unclear"],
  [
    "deny: {tool: rm}, limit: {max: 2, per: run}",
    "deny: {tool: rm}, limit: {max: 3, per: run}",
    "loosened",
  ],
  [
    "deny: {tool: rm}, limit: {max: 3, per: run}",
    "deny: {tool: rm}, limit: {max: 2, per: run}",
    "tightened",
  ],
  ["ask: {tool: rm}, ttl: 1h", "ask: {tool: rm}, ttl: 2h", "same"],
])("from {%s} to {%s} is %s", (before, after, expected) => {
  const [one, other] = [before, after].map((words) => (words === "" ? "" : rule(words)));
  expect(way(one ?? "", other ?? "")).toBe(expected);
});

test("another reason, or another name for the same rule, decides nothing otherwise", () => {
  expect(way(rule("deny: {tool: rm}"), rule("deny: {tool: rm}", "renamed"))).toBe("same");
  const { overall, rules } = directionOf(
    policy("{id: r, reason: one, deny: {tool: rm}}"),
    policy("{id: r, reason: two, deny: {tool: rm}}"),
  );
  expect([overall, rules.get("p/r")]).toEqual(["same", "same"]);
});

test("the default goes its own way, and both ways at once are mixed", () => {
  expect(directionOf(policy("", "ask"), policy("", "allow")).fallback).toBe("loosened");
  expect(directionOf(policy("", "allow"), policy("", "deny")).overall).toBe("tightened");
  const both = directionOf(policy("", "ask"), policy(rule("allow: {tool: ls}"), "deny"));
  expect(both.overall).toBe("mixed");
});

test("allowing what is allowed anyway loosens nothing, but for networks that it opens", () => {
  const allowed = (words: string) =>
    directionOf(policy("", "allow"), policy(words, "allow")).overall;
  expect(allowed(rule("allow: {host: a.example, private: true}"))).toBe("loosened");
  expect(allowed(rule("allow: {tool: ls}"))).toBe("same");
});
