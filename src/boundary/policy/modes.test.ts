import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testBoundary } from "../../../test/support/boundary.ts";
import { options, spec, writeOnce } from "../../../test/support/connector.ts";
import { createEgress } from "../egress/fetch.ts";
import type { CallFacts } from "../types.ts";
import { compilePolicy } from "./compile.ts";
import { explainDecision, explanationText } from "./explain.ts";
import { parsePack } from "./pack-file.ts";

const principal = { tenant: "home", user: "ann" };
const facts: CallFacts = { operation: "post", effect: "write", repeat: "once", tool: "wipe" };

/** A pack from its rules, one a line, ids r1, r2, … */
function pack(name: string, fallback: string, mode: string, ...rules: readonly string[]) {
  const lines = rules.map((rule, index) => `  - { id: r${index + 1}, reason: why, ${rule} }`);
  const list = rules.length === 0 ? "rules: []" : `rules:\n${lines.join("\n")}`;
  const head = `pack: ${name}\nversion: 1\ndescription: d\ndefault: ${fallback}\nmode: ${mode}\n`;
  return parsePack(`${head}${list}\n`, `${name}.yaml`);
}

const decide = (packs: Parameters<typeof compilePolicy>[0], call = facts) =>
  compilePolicy(packs).decide(call, "mcp:fs", principal);

describe("shadow", () => {
  test("records what a rule says and does not apply it", () => {
    const decision = decide([
      pack("p", "allow", "enforce", "deny: { tool: wipe }, mode: shadow", "ask: { tool: wipe }"),
    ]);
    expect(decision).toMatchObject({ effect: "ask", ruleId: "p/r2", matched: ["p/r2"] });
    expect(decision.shadow).toEqual([{ ruleId: "p/r1", effect: "deny" }]);
  });

  test("holds for a whole pack, its default too, but for rules that say otherwise", () => {
    const trial = pack(
      "trial",
      "deny",
      "shadow",
      "ask: { tool: a }",
      "deny: { tool: b }, mode: enforce",
    );
    const packs = [pack("p", "allow", "enforce"), trial];
    expect(decide(packs)).toMatchObject({
      ruleId: "p/default",
      shadow: [{ ruleId: "trial/default", effect: "deny" }],
    });
    expect(decide(packs, { ...facts, tool: "a" })).toMatchObject({
      ruleId: "p/default",
      shadow: [{ ruleId: "trial/r1", effect: "ask" }],
    });
    const enforced = decide(packs, { ...facts, tool: "b" });
    expect(enforced.ruleId).toBe("trial/r2");
    expect(enforced.shadow).toBeUndefined();
  });

  test("opens no private address", () => {
    const opening = pack("p", "allow", "enforce", "allow: { private: true }, mode: shadow");
    expect(decide([opening], { ...facts, host: "10.0.0.1" })).toMatchObject({
      ruleId: "egress/private-address",
      shadow: [{ ruleId: "p/r1", effect: "allow" }],
    });
  });

  test("changes no decision, whatever is in it", () => {
    const rule = fc.record({
      effect: fc.constantFrom("deny", "ask", "allow"),
      match: fc.constantFrom("{}", "{ tool: wipe }", "{ effect: read }", "{ private: true }"),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 12 }), fc.boolean(), (rules, inside) => {
        const lines = rules.map(({ effect, match }) => `${effect}: ${match}`);
        const base = pack("p", "ask", "enforce", "allow: { tool: wipe }");
        const call = inside ? { ...facts, host: "10.0.0.1" } : facts;
        const {
          shadow: _,
          policyVersion: before,
          ...watched
        } = decide([base, pack("s", "deny", "shadow", ...lines)], call);
        const { policyVersion: after, ...alone } = decide([base], call);
        expect(watched).toEqual(alone);
        expect(before).not.toBe(after);
      }),
    );
  });

  test("of every pack would leave nothing in force and is refused", () => {
    expect(() => compilePolicy([pack("p", "deny", "shadow")])).toThrow(
      /p\.yaml:4:10: a policy needs at least one pack/,
    );
  });

  test("covers no rule and is not covered, nor is its default", () => {
    const rules = ["allow: { tool: a }", "deny: { tool: a }, mode: shadow"];
    expect(compilePolicy([pack("p", "ask", "enforce", ...rules)]).rules).toHaveLength(2);
    const turned = ["allow: { tool: a }, mode: shadow", "deny: { tool: a }"];
    expect(compilePolicy([pack("p", "ask", "enforce", ...turned)]).rules).toHaveLength(2);
  });

  test("is seen in the audit, also for where a name turns out to lead", async () => {
    const { boundary, audit } = testBoundary({
      policy: compilePolicy([
        pack(
          "p",
          "allow",
          "enforce",
          "allow: { private: true }",
          "deny: { host: 127.0.0.1 }, mode: shadow",
        ),
      ]),
      hands: {
        ...createEgress({ resolver: async () => ["127.0.0.1"] }),
        spawn: () => Promise.reject(new Error("no processes")),
      },
    });
    const connector = boundary.connector(
      spec(
        async ({ fetch }) => {
          // Nobody listens there; the policy is asked before that is found out.
          await fetch("http://box.test:9/");
          return "ok";
        },
        { ...facts, host: "box.test", port: 9 },
        { maxAttempts: 1 },
      ),
    );
    await connector.tryCall("x", options);
    expect(audit.closed[0]?.decision).toMatchObject({
      effect: "allow",
      shadow: [{ ruleId: "p/r2", effect: "deny" }],
    });
  });
});

describe("dry-run", () => {
  test("says because of which rule the call is not sent, and decides as ever", () => {
    const packs = [
      pack(
        "p",
        "allow",
        "enforce",
        "allow: { tool: wipe }, mode: dry-run",
        "ask: { effect: write }",
      ),
    ];
    expect(decide(packs)).toMatchObject({ effect: "ask", ruleId: "p/r2", dryRun: "p/r1" });
    expect(decide(packs, { ...facts, tool: "x" }).dryRun).toBeUndefined();
  });

  test("of a pack counts for its default too", () => {
    const packs = [
      pack("p", "allow", "enforce", "allow: { tool: a }"),
      pack("d", "allow", "dry-run"),
    ];
    expect(decide(packs)).toMatchObject({ ruleId: "p/default", dryRun: "d/default" });
    expect(decide(packs, { ...facts, tool: "a" }).dryRun).toBeUndefined();
  });

  const called = async (rule: string) => {
    const parts = testBoundary({ policy: compilePolicy([pack("p", "allow", "enforce", rule)]) });
    parts.budgets.open("b", { calls: 1 });
    let sent = 0;
    const outcome = await parts.boundary
      .connector(spec(() => Promise.resolve(String((sent += 1))), writeOnce))
      .tryCall("x", { ...options, budgets: ["b"] });
    return { ...parts, outcome, sent };
  };

  test.each(["allow: { effect: write }, mode: dry-run", "ask: { effect: write }, mode: dry-run"])(
    "sends nothing, asks nobody, takes nothing and is audited: %s",
    async (rule) => {
      const { outcome, sent, audit, budgets, approvals, idempotency } = await called(rule);
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: "boundary.dry_run", phase: "before_send", ruleId: "p/r1" },
      });
      expect(sent).toBe(0);
      expect(approvals.stateOf("approval-1")).toBeUndefined();
      expect(budgets.use("b")).toMatchObject({ calls: 0 });
      expect(idempotency.keys.size).toBe(0);
      expect(audit.closed).toMatchObject([
        { outcome: "boundary.dry_run", attempts: [], decision: { dryRun: "p/r1" } },
      ]);
    },
  );

  test("leaves a denial a denial", async () => {
    const { outcome } = await called("deny: { effect: write }, mode: dry-run");
    expect(outcome).toMatchObject({ ok: false, error: { code: "boundary.policy_denied" } });
  });

  test("holds back a request whose place a rule in dry-run is about", async () => {
    const { boundary } = testBoundary({
      policy: compilePolicy([
        pack("p", "allow", "enforce", "allow: { private: true }, mode: dry-run"),
      ]),
      hands: {
        ...createEgress({ resolver: async () => ["127.0.0.1"] }),
        spawn: () => Promise.reject(new Error("no processes")),
      },
    });
    const connector = boundary.connector(
      spec(async ({ fetch }) => (await fetch("http://box.test:9/")).text(), {
        ...facts,
        host: "box.test",
        port: 9,
      }),
    );
    expect(await connector.tryCall("x", options)).toMatchObject({
      ok: false,
      error: { code: "boundary.egress_blocked", ruleId: "p/r1" },
    });
  });
});

test("an unknown mode is refused with its place and the nearest one", () => {
  expect(() => pack("p", "deny", "enforce", "deny: {}, mode: shadwo")).toThrow(
    /^p\.yaml:7:\d+: rules\.0\.mode: "shadwo" is not one of enforce, shadow, dry-run/,
  );
});

test("an explanation tells the mode of each rule, and that nothing is sent", () => {
  const policy = compilePolicy([
    pack("p", "deny", "dry-run", "allow: { tool: wipe }", "deny: {}, mode: shadow"),
  ]);
  const explained = explainDecision(policy, facts, "mcp:fs", principal);
  expect(explained.rules.map(({ mode, decides }) => [mode, decides])).toEqual([
    ["dry-run", true],
    ["shadow", false],
  ]);
  const text = explanationText(explained);
  expect(text).toContain("  Not sent: p/r1 is in dry-run.");
  expect(text).toContain("+ deny  p/r2 [shadow]: matches every call");
});
