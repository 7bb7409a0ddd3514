import { describe, expect, test } from "vitest";
import type { Agent33Error, JsonObject } from "../../base/errors.ts";
import { ok, attempt } from "../../base/result.ts";
import type { CallFacts } from "../types.ts";
import { compilePolicy } from "./compile.ts";
import { parsePack } from "./pack-file.ts";
import type { LoadedPack } from "./pack.ts";

const principal = { tenant: "home", user: "ann" };
const paying: CallFacts = {
  operation: "tools/call",
  effect: "write",
  repeat: "once",
  tool: "transfer",
};

/** A pack from its rules, each a YAML flow map without id and reason. */
function pack(fallback: string, ...rules: readonly string[]): LoadedPack {
  const lines = rules.map((rule, index) => `  - { id: r${index + 1}, reason: why, ${rule} }`);
  const head = `pack: p\nversion: 1\ndescription: d\ndefault: ${fallback}\nrules:`;
  return parsePack(`${head}\n${lines.join("\n")}\n`, "p.yaml");
}

function decide(packed: LoadedPack, args: JsonObject | undefined, facts: CallFacts = paying) {
  const asked = args === undefined ? facts : { ...facts, args };
  return compilePolicy([packed]).decide(asked, "mcp:bank", principal);
}

/** What a single deny rule with this condition says about these arguments. */
const denies = (when: string, args?: JsonObject, facts?: CallFacts) =>
  decide(pack("allow", `deny: {}, when: ${JSON.stringify(when)}`), args, facts);

function failure(run: () => unknown): Agent33Error {
  const result = attempt(run);
  if (result.ok) throw new Error("the pack was accepted");
  return result.error;
}

describe("a condition", () => {
  test("narrows its rule to the calls for which it is true", () => {
    const packed = pack("allow", "deny: { tool: transfer }, when: args.amount > 500");
    expect(decide(packed, { amount: 501 }).ruleId).toBe("p/r1");
    expect(decide(packed, { amount: 500 })).toMatchObject({ ruleId: "p/default", matched: [] });
    expect(decide(packed, { amount: 501 }, { ...paying, tool: "x" }).effect).toBe("allow");
  });

  test.each<readonly [string, JsonObject, boolean]>([
    ["args.amount * 2 + 1 > 1000", { amount: 500 }, true],
    ["args.amount / 2 == 250.5", { amount: 501 }, true],
    ["args.amount == 500", { amount: 500 }, true],
    ["args.amount in [1, 500]", { amount: 500 }, true],
    ["args.amount + size(args.fees) > 502", { amount: 500, fees: [1, 2] }, false],
    ["has(args.force) && args.force", {}, false],
    ["has(args.force) && args.force", { force: true }, true],
    ["!args.to.all(to, to.endsWith('@home.test'))", { to: ["a@home.test", "b@x.test"] }, true],
    ["args.path.like('/srv/*.md')", { path: "/srv/a/b.md" }, true],
    ["args.path.like('/srv/*.md')", { path: "/srv/a/b.txt" }, false],
    ["args.deep.list[1].name == 'b'", { deep: { list: [{ name: "a" }, { name: "b" }] } }, true],
    ["args.note == null", { note: null }, true],
  ])("%s over %j is %s", (when, args, holds) => {
    const decision = denies(when, args);
    expect(decision.effect).toBe(holds ? "deny" : "allow");
    expect(decision.failedConditions).toBeUndefined();
  });

  test("sees every fact, and nothing as empty text, 0, false and no arguments", () => {
    const known = {
      ...paying,
      host: "A.Test",
      port: 443,
      address: "10.0.0.1",
      toolDigest: "a".repeat(64),
    };
    const all =
      "connector == 'mcp:bank' && operation == 'tools/call' && effect == 'write' && repeat == 'once'" +
      " && tool == 'transfer' && size(toolDigest) == 64 && host == 'a.test' && port == 443" +
      " && address == '10.0.0.1' && private && !metadata && tenant == 'home' && user == 'ann'";
    expect(denies(all, {}, known)).toMatchObject({ effect: "deny", ruleId: "p/r1" });
    const bare = { operation: "chat", effect: "read", repeat: "safe" } as const;
    const empty =
      "tool == '' && toolDigest == '' && host == '' && address == '' && agent == ''" +
      " && port == 0 && !private && !metadata && size(args) == 0";
    expect(denies(empty, undefined, bare)).toMatchObject({ effect: "deny", ruleId: "p/r1" });
  });

  test("sees own arguments only, not what every object of the language has", () => {
    expect(denies("has(args.constructor) || 'toString' in args", {}).effect).toBe("allow");
  });

  test("is worked out only where all keys of its rule hold", () => {
    const packed = pack("allow", "deny: { tool: transfer }, when: args.amount > 1");
    const [rule] = packed.rules;
    if (rule?.when === undefined) throw new Error("no condition");
    let asked = 0;
    const counting = { ...rule.when, holds: () => ok(++asked > 0) };
    const policy = compilePolicy([{ ...packed, rules: [{ ...rule, when: counting }] }]);
    policy.decide({ ...paying, tool: "balance" }, "mcp:bank", principal);
    expect(asked).toBe(0);
    expect(policy.decide(paying, "mcp:bank", principal).effect).toBe("deny");
    expect(asked).toBe(1);
  });

  test("changes the version of the policy", () => {
    const version = (when: string) =>
      compilePolicy([pack("allow", `deny: {}, when: ${when}`)]).version;
    expect(version("args.a > 1")).not.toBe(version("args.a > 2"));
    expect(version("args.a > 1")).toBe(version("args.a > 1"));
  });

  test("keeps a stricter rule from covering another one", () => {
    const both = pack(
      "ask",
      "allow: { tool: transfer }",
      "deny: { tool: transfer }, when: args.amount > 5",
    );
    expect(decide(both, { amount: 5 }).effect).toBe("allow");
    expect(() =>
      compilePolicy([pack("ask", "allow: { tool: a }, when: args.b > 1", "deny: { tool: a }")]),
    ).toThrow(/never decides/);
  });
});

describe("a condition that cannot be worked out", () => {
  test.each<readonly [string, JsonObject, RegExp]>([
    ["args.amount > 500", {}, /^no such key at `amount`$/],
    ["args.amount > 500", { amount: "501" }, /^no such overload at/],
    ["args.force", { force: 1 }, /neither true nor false/],
    ["args.list[7] == 1", { list: [1] }, /^index out of bounds/],
    ["args.to.all(to, to == 'x')", { to: "x" }, /range/],
    ["int(args.amount) > 5", { amount: "hunter2" }, /./],
  ])("%s over %j denies and says so, without the arguments", (when, args, problem) => {
    const decision = denies(when, args);
    expect(decision).toMatchObject({ effect: "deny", ruleId: "p/r1", matched: ["p/r1"] });
    expect(decision.failedConditions).toEqual([
      { ruleId: "p/r1", problem: expect.stringMatching(problem) },
    ]);
    expect(JSON.stringify(decision)).not.toContain("hunter2");
  });

  test("asks where its rule asks, and allows nothing where its rule allows", () => {
    const asking = decide(pack("allow", "ask: {}, when: args.a > 1"), {});
    expect(asking).toMatchObject({ effect: "ask", ruleId: "p/r1" });
    const allowing = decide(pack("deny", "allow: {}, when: args.a > 1"), {});
    expect(allowing).toMatchObject({ effect: "deny", ruleId: "p/default", matched: [] });
    expect(allowing.failedConditions).toMatchObject([{ ruleId: "p/r1" }]);
  });

  test("opens no private address", () => {
    const packed = pack("allow", "allow: { private: true }, when: args.a > 1");
    const inside = { ...paying, host: "10.0.0.1" };
    expect(decide(packed, { a: 2 }, inside).effect).toBe("allow");
    const shut = decide(packed, {}, inside);
    expect(shut.ruleId).toBe("egress/private-address");
    expect(shut.failedConditions).toMatchObject([{ ruleId: "p/r1" }]);
    expect(decide(packed, { a: 1 }, inside).failedConditions).toBeUndefined();
  });

  test("leaves what does not depend on it as it is", () => {
    expect(denies("args.a > 1 || args.b == 2", { b: 2 }).failedConditions).toBeUndefined();
  });
});

describe("a condition is refused at start-up, with line and column", () => {
  test.each([
    ["an unknown fact", "hots == 'a'", /no fact "hots"/, /"host"/, 0],
    ["a fact under another name", "tool == 'a' && args.x == toool", /"toool"/, /"tool"/, 25],
    ["text compared with a number", "tool == 5", /string == int/, /packs\.md/, 0],
    ["a method that is not there", "host.endWith('a')", /endWith/, /packs\.md/, 0],
    ["half an expression", "host ==", /EOF/, /packs\.md/, 6],
    ["no truth value", "size(args)", /int, not a boolean/, /packs\.md/, 0],
    ["a regular expression", "host.matches('(a+)+b')", /regular/, /like/, 0],
    ["what is the same for every call", "1 < 2", /nothing of the call/, /packs\.md/, 0],
  ] as const)("%s", (_, when, message, hint, offset) => {
    const error = failure(() =>
      pack("allow", "deny: {}", `deny: {}, when: ${JSON.stringify(when)}`),
    );
    expect(error.code).toBe("policy.malformed_condition");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("rules.1.when: ");
    expect(error.hint).toMatch(hint);
    const before = '  - { id: r2, reason: why, deny: {}, when: "';
    expect(error.details).toEqual({ file: "p.yaml", line: 7, column: before.length + 1 + offset });
  });

  test.each([
    ["plain", "    when: tool == 'a' && prot == 5", 7, 26],
    ["in double quotes", '    when: "tool == \\"a\\" && prot == 5"', 7, 29],
    ["in single quotes", "    when: 'tool == ''a'' && prot == 5'", 7, 29],
    ["on lines of its own", "    when: |\n      tool == 'a' &&\n      prot == 5", 9, 7],
    ["folded", "    when: >-\n      tool == 'a'\n      && prot == 5", 9, 10],
  ])("also where it is written %s", (_, lines, line, column) => {
    const text = `pack: p\nversion: 1\ndescription: d\ndefault: deny\nrules:\n  - id: a\n${lines}\n    deny: {}\n    reason: r\n`;
    const error = failure(() => parsePack(text, "p.yaml"));
    expect(error.message).toContain('no fact "prot"');
    expect(error.details).toEqual({ file: "p.yaml", line, column });
  });

  test("and so is one that is no text", () => {
    expect(failure(() => pack("allow", "deny: {}, when: true")).code).toBe("policy.malformed_pack");
  });
});
