import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { effects, repeats } from "../../base/effect.ts";
import type { Principal } from "../../base/principal.ts";
import { attempt } from "../../base/result.ts";
import type { CallFacts, DecisionEffect } from "../types.ts";
import { compilePolicy } from "./compile.ts";
import type { LoadedPack, LoadedRule } from "./pack.ts";
import type { Match } from "./schema.ts";

// The reference: what the documentation says, rule by rule, without index, Set or compiled key.

interface Call {
  readonly facts: CallFacts;
  readonly connector: string;
  readonly principal: Principal;
}

const expressions = new Map<string, RegExp>();

function fits(pattern: string, text: string): boolean {
  const escaped = (): string => pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  const found = expressions.get(pattern) ?? new RegExp(`^${escaped().replaceAll("*", ".*")}$`, "s");
  expressions.set(pattern, found);
  return found.test(text);
}

function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^\[|\]$/g, "");
}

/** Where a call leads, of the few hosts below. */
function leadsTo({ host, address, privateAddress }: CallFacts): "public" | "private" | "metadata" {
  if (host === undefined) return "public";
  const places = [plainHost(host), address];
  if (places.includes("fd00:ec2::254")) return "metadata";
  const inside = places.includes("10.0.0.1") || places.includes("localhost");
  return inside || privateAddress === true ? "private" : "public";
}

function holds(key: string, value: string | number | boolean, call: Call): boolean {
  const { facts, connector, principal } = call;
  switch (key) {
    case "connector":
      return fits(String(value), connector);
    case "operation":
      return facts.operation === value;
    case "effect":
      return facts.effect === value;
    case "repeat":
      return facts.repeat === value;
    case "tool":
      return facts.tool !== undefined && fits(String(value), facts.tool);
    case "toolDigest":
      return facts.toolDigest === value;
    case "injection":
      return facts.injection === value;
    case "toolInjection":
      return facts.toolInjection === value;
    case "port":
      return facts.port === value;
    case "host":
      return [facts.host, facts.host === undefined ? undefined : facts.address].some(
        (host) => host !== undefined && fits(String(value).toLowerCase(), plainHost(host)),
      );
    case "private":
      return facts.host !== undefined && (leadsTo(facts) !== "public") === value;
    case "metadata":
      return facts.host !== undefined && (leadsTo(facts) === "metadata") === value;
    case "tenant":
      return principal.tenant === value;
    case "user":
      return principal.user === value;
    case "agent":
      return principal.agent !== undefined && fits(String(value), principal.agent);
    default:
      throw new Error(`no such key: ${key}`);
  }
}

const ruleMatches = (match: Match, call: Call): boolean =>
  Object.entries(match).every(([key, values]) => values?.some((value) => holds(key, value, call)));

function linearDecision(packs: readonly LoadedPack[], call: Call) {
  const hits = packs.flatMap((pack) =>
    pack.rules
      .filter((rule) => ruleMatches(rule.match, call))
      .map(({ id, effect, match }) => ({ id: `${pack.name}/${id}`, effect, match })),
  );
  const matched = hits.map(({ id }) => id);
  const strictest = (["deny", "ask", "allow"] as const).flatMap((effect) => {
    const rule = hits.find((hit) => hit.effect === effect);
    return rule === undefined ? [] : [{ effect, ruleId: rule.id, matched }];
  })[0];
  const fallback = (["deny", "ask", "allow"] as const).flatMap((effect) => {
    const pack = packs.find((one) => one.default === effect);
    return pack === undefined ? [] : [{ effect, ruleId: `${pack.name}/default`, matched }];
  })[0];
  const decision = strictest ?? fallback;
  if (decision === undefined) throw new Error("no packs");
  const network = leadsTo(call.facts);
  if (network === "public" || decision.effect === "deny") return decision;
  const open = hits.some(
    ({ match }) =>
      match.metadata?.includes(true) === true ||
      (network === "private" && match.private?.includes(true) === true),
  );
  if (open) return decision;
  return { effect: "deny", ruleId: `egress/${network}-address`, matched };
}

// Few words, so that rules and calls meet often.

const connectors = ["mcp:fs", "mcp:git", "model:a", "web:fetch", "http:api", "tool:x", "shell:sh"];
const connectorPatterns = [...connectors, "*", "mcp:*", "m*:*", "mcp:f*", "*:x", "*:*i*", "web:*"];
const operations = ["chat", "tools/call", "http.get", "exec"];
const tools = ["read_file", "delete_file", "delete_dir"];
const toolPatterns = [...tools, "*", "delete_*", "*_file", "*e*"];
const hosts = [
  "example.org",
  "a.example.org",
  "b.a.example.org",
  "localhost",
  "10.0.0.1",
  "fd00:ec2::254",
];
const hostPatterns = [
  ...hosts,
  "8.8.8.8",
  "Example.ORG",
  "*.example.org",
  "*.a.example.org",
  "*.org",
];
const spelt = [...hosts, "EXAMPLE.org", "a.example.org.", "[fd00:ec2::254]", "other.net"];
const digests = ["a".repeat(64), "b".repeat(64)];
const agents = ["triage@1", "triage@2", "writer@1"];

const some = <T>(values: readonly T[], max = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: max });

const anyMatch: fc.Arbitrary<Match> = fc
  .record(
    {
      connector: some(connectorPatterns),
      operation: some(operations),
      effect: some(effects),
      repeat: some(repeats),
      tool: some(toolPatterns),
      toolDigest: some(digests),
      host: some(hostPatterns, 5),
      port: some([80, 443]),
      injection: some(["suspected", "likely"] as const),
      toolInjection: some(["suspected", "likely"] as const),
      private: some([true, false], 2),
      metadata: some([true, false], 2),
      tenant: some(["t1", "t2"]),
      user: some(["u1", "u2"]),
      agent: some([...agents, "triage@*", "*"]),
    },
    { requiredKeys: [] },
  )
  .chain((full) => {
    // Fewer keys match more often; host, private and metadata may exclude each other, so the first
    // of them stays alone.
    const names = Object.keys(full) as (keyof Match)[];
    return fc.subarray(names, { maxLength: 3 }).map((kept) => {
      const places = kept.filter((name) => /^(?:host|private|metadata)$/.test(name));
      const entries = kept.filter((name) => !places.slice(1).includes(name));
      return Object.fromEntries(entries.map((name) => [name, full[name]])) as Match;
    });
  });

const optional = <T>(values: readonly T[]) =>
  fc.option(fc.constantFrom(...values), { nil: undefined });

const anyCall: fc.Arbitrary<Call> = fc
  .record({
    connector: fc.constantFrom(...connectors),
    operation: fc.constantFrom(...operations),
    effect: fc.constantFrom(...effects),
    repeat: fc.constantFrom(...repeats),
    tool: optional(tools),
    toolDigest: optional(digests),
    host: optional(spelt),
    port: optional([80, 443, 8080]),
    injection: optional(["suspected", "likely"] as const),
    toolInjection: optional(["suspected", "likely"] as const),
    privateAddress: optional([true, false]),
    address: optional(["10.0.0.1", "fd00:ec2::254", "8.8.8.8"]),
    tenant: fc.constantFrom("t1", "t2", "t3"),
    user: fc.constantFrom("u1", "u2", "u3"),
    agent: optional(agents),
  })
  .map(({ connector, tenant, user, agent, ...facts }) => {
    const given = Object.entries(facts).filter(([, value]) => value !== undefined);
    return {
      connector,
      facts: Object.fromEntries(given) as unknown as CallFacts,
      principal: { tenant, user, ...(agent === undefined ? {} : { agent }) },
    };
  });

const anyEffect = fc.constantFrom<DecisionEffect>("allow", "ask", "deny");

function packOf(
  name: string,
  fallback: DecisionEffect,
  rules: readonly Omit<LoadedRule, "reason">[],
): LoadedPack {
  return {
    name,
    version: 1,
    description: "d",
    extends: [],
    default: fallback,
    defaultAt: { file: `${name}.yaml`, line: 1, column: 1 },
    rules: rules.map((rule) => ({ ...rule, reason: `because of ${rule.id}` })),
  };
}

// All rules of a pack have one effect, so that none of them shadows another.
const anyPacks = (maxRules: number) =>
  fc
    .array(fc.tuple(anyEffect, anyEffect, fc.array(anyMatch, { maxLength: maxRules })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((packs) =>
      packs.map(([fallback, effect, matches], at) =>
        packOf(
          `p${at}`,
          fallback,
          matches.map((match, index) => ({ id: `r${index}`, effect, match })),
        ),
      ),
    );

describe("the indexed matcher", () => {
  test("decides as the linear one, for any policy and any call", () => {
    let decided = 0;
    let byRule = 0;
    let many = 0;
    fc.assert(
      fc.property(
        anyPacks(25),
        fc.array(anyCall, { minLength: 25, maxLength: 25 }),
        (packs, calls) => {
          const policy = compilePolicy(packs);
          for (const call of calls) {
            const expected = linearDecision(packs, call);
            const decision = policy.decide(call.facts, call.connector, call.principal);
            expect(decision).toMatchObject(expected);
            expect(decision.policyVersion).toBe(policy.version);
            decided += 1;
            if (expected.matched.length > 0) byRule += 1;
            if (expected.matched.length > 1) many += 1;
          }
        },
      ),
      { numRuns: 600 },
    );
    // Guards the test itself: calls that match nothing prove little.
    expect(decided).toBeGreaterThanOrEqual(15_000);
    expect(byRule / decided).toBeGreaterThan(0.5);
    expect(many / decided).toBeGreaterThan(0.3);
  });

  test("decides as the linear one when hundreds of rules match one call", () => {
    const rules = Array.from({ length: 400 }, (_, index) => ({
      id: `r${index}`,
      effect: "allow" as const,
      match:
        [{ host: ["a.example.org", "*.example.org"] }, { operation: ["chat"] }, {}][index % 3] ??
        {},
    }));
    const packs = [packOf("p", "deny", rules)];
    const facts = {
      operation: "chat",
      effect: "read",
      repeat: "safe",
      host: "a.example.org",
    } as const;
    const principal = { tenant: "t", user: "u" };
    const decision = compilePolicy(packs).decide(facts, "model:a", principal);
    expect(decision).toMatchObject(
      linearDecision(packs, { facts, connector: "model:a", principal }),
    );
    expect(decision.matched).toHaveLength(400);
  });

  test("gives out decisions that nobody can change for the next one", () => {
    const policy = compilePolicy([packOf("p", "ask", [])]);
    const facts = { operation: "chat", effect: "read", repeat: "safe" } as const;
    const decision = policy.decide(facts, "model:a", { tenant: "t", user: "u" });
    expect(() => (decision.matched as string[]).push("x")).toThrow(TypeError);
  });
});

describe("the search for shadowed rules", () => {
  const shadowed = (strict: Match, weak: Match): boolean => {
    const rules = [
      { id: "weak", effect: "allow" as const, match: weak },
      { id: "strict", effect: "deny" as const, match: strict },
    ];
    const result = attempt(() => compilePolicy([packOf("p", "ask", rules)]));
    if (!result.ok && result.error.code !== "policy.shadowed") throw result.error;
    return !result.ok;
  };

  test("never accuses a rule that can decide", () => {
    let accused = 0;
    fc.assert(
      fc.property(
        anyMatch,
        anyMatch,
        fc.array(anyCall, { minLength: 30, maxLength: 30 }),
        (strict, weak, calls) => {
          if (!shadowed(strict, weak)) return;
          accused += 1;
          for (const call of calls) {
            if (ruleMatches(weak, call)) expect(ruleMatches(strict, call)).toBe(true);
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(accused).toBeGreaterThan(20);
  });

  test("finds every rule that asks for all that a stricter one asks for, and more", () => {
    fc.assert(
      fc.property(anyMatch, fc.infiniteStream(fc.boolean()), (weak, keep) => {
        const kept = Object.entries(weak).filter(() => keep.next().value);
        expect(shadowed(Object.fromEntries(kept) as Match, weak)).toBe(true);
      }),
    );
  });
});
