import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { policyOf } from "../../../test/support/leave.ts";
import { effects } from "../../base/effect.ts";
import type { CallFacts } from "../types.ts";
import { strictestFor, strictestOf } from "./combine.ts";
import { compilePolicy } from "./compile.ts";
import { explainDecision } from "./explain.ts";
import { parsePack } from "./pack-file.ts";
import { strictness } from "./policy.ts";

const principal = { tenant: "home", user: "ann" };
const facts: CallFacts = { operation: "get", effect: "read", repeat: "safe", tool: "a" };

/** A policy of one pack with rules r1, r2, … */
function named(name: string, fallback: string, ...rules: readonly string[]) {
  const lines = rules.map((rule, index) => `  - { id: r${index + 1}, reason: why, ${rule} }`);
  const list = rules.length === 0 ? "rules: []" : `rules:\n${lines.join("\n")}`;
  const head = `pack: ${name}\nversion: 1\ndescription: d\ndefault: ${fallback}\n`;
  return compilePolicy([parsePack(`${head}${list}\n`, `${name}.yaml`)]);
}

describe("a policy for an agent that works for others", () => {
  const actor = { ...principal, agent: "b@1" };
  const decided = (policy: ReturnType<typeof named>, tool = "a") =>
    strictestFor(policy, ["a@1"]).decide({ ...facts, tool }, "mcp:x", actor);

  test("denies what a rule denies any of them", () => {
    expect(decided(named("p", "allow", "deny: { agent: a@1 }")).ruleId).toBe("p/r1");
    expect(decided(named("p", "allow", "deny: { agent: b@1 }")).ruleId).toBe("p/r1");
    expect(decided(named("p", "allow", "deny: { agent: c@1 }")).effect).toBe("allow");
  });

  test("allows what is allowed to all of them alone", () => {
    expect(decided(named("p", "deny", "allow: { agent: b@1 }")).effect).toBe("deny");
    expect(decided(named("p", "deny", "allow: { agent: [a@1, b@1] }")).effect).toBe("allow");
  });
});

describe("the strictest of several policies", () => {
  test("is the policy itself where there is one", () => {
    const alone = policyOf("deny");
    expect(strictestOf([alone])).toBe(alone);
  });

  test("allows nothing that one of them refuses, by rule or by default", () => {
    const wide = named("wide", "allow");
    const narrow = named("narrow", "deny", "allow: { tool: b }");
    const both = strictestOf([wide, narrow]);
    expect(both.decide(facts, "mcp:x", principal)).toMatchObject({
      effect: "deny",
      ruleId: "narrow/default",
      policyVersion: both.version,
    });
    expect(both.decide({ ...facts, tool: "b" }, "mcp:x", principal).effect).toBe("allow");
    expect(both.default.ruleId).toBe("narrow/default");
    expect(both.packs).toEqual(["wide", "narrow"]);
    expect(strictestOf([narrow, wide]).version).not.toBe(both.version);
  });

  test("is never weaker than any of them, for any call", () => {
    const rule = fc.tuple(
      fc.constantFrom("deny", "ask", "allow"),
      fc.constantFrom("{ tool: a }", "{ effect: read }", "{ private: true }", "{ tool: b }"),
    );
    const policy = fc.tuple(fc.constantFrom("deny", "ask", "allow"), rule);
    const call = fc.record({
      tool: fc.constantFrom("a", "b", "c"),
      effect: fc.constantFrom(...effects),
      host: fc.constantFrom("a.test", "10.0.0.1"),
    });
    fc.assert(
      fc.property(fc.array(policy, { minLength: 2, maxLength: 3 }), call, (given, asked) => {
        const policies = given.map(([fallback, [effect, match]], index) =>
          named(`p${index}`, fallback, `${effect}: ${match}`),
        );
        const [first, ...others] = policies;
        if (first === undefined) return;
        const full = { ...facts, ...asked };
        const said = strictestOf([first, ...others]).decide(full, "mcp:x", principal);
        const each = policies.map((one) => one.decide(full, "mcp:x", principal));
        expect(strictness[said.effect]).toBe(
          Math.max(...each.map(({ effect }) => strictness[effect])),
        );
        expect(each.map(({ ruleId }) => ruleId)).toContain(said.ruleId);
        expect(new Set(said.matched)).toEqual(new Set(each.flatMap(({ matched }) => matched)));
      }),
    );
  });

  test("keeps what each remarks, each rule once", () => {
    const rules = [
      "deny: {}, mode: shadow",
      "allow: {}, mode: dry-run",
      "deny: {}, limit: { max: 1, per: run }",
      "deny: { tool: z }, before: { tool: a }",
      "allow: {}, when: args.x > 1",
    ];
    const [one, other] = [named("p", "allow", ...rules), named("q", "ask", ...rules)];
    const said = strictestOf([one, one, other]).decide(facts, "mcp:x", principal);
    expect(said.shadow?.map(({ ruleId }) => ruleId)).toEqual(["p/r1", "q/r1"]);
    expect(said.dryRun).toBe("p/r2");
    expect(said.session?.map(({ ruleId }) => ruleId)).toEqual(["p/r3", "q/r3"]);
    expect(said.awaitedBy).toEqual(["p/r4", "q/r4"]);
    expect(said.failedConditions?.map(({ ruleId }) => ruleId)).toEqual(["p/r5", "q/r5"]);
  });

  test("can be explained rule by rule", () => {
    const both = strictestOf([named("p", "allow", "ask: { tool: a }"), named("q", "deny")]);
    const { decision, rules } = explainDecision(both, facts, "mcp:x", principal);
    expect(decision.ruleId).toBe("q/default");
    expect(rules.map(({ ruleId, matched }) => [ruleId, matched])).toEqual([["p/r1", true]]);
  });
});
