import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cedarRequest, type Question } from "../../../../bench/policy/cedar-request.ts";
import { compilePolicy } from "../compile.ts";
import { parsePack } from "../pack-file.ts";
import { importCedar } from "./cedar.ts";

/** The pack that is made of a text. */
function imported(text: string) {
  const made = importCedar(cedar, text, "p.cedar", "cedar");
  if (!made.ok) throw new Error(made.refused.map((one) => one.message).join("\n"));
  return parsePack(made.text, "cedar.yaml");
}

/** Each refusal as `line: message`. */
function refusals(text: string): readonly string[] {
  const made = importCedar(cedar, text, "p.cedar", "cedar");
  return made.ok ? [] : made.refused.map(({ at, message }) => `${at.line}: ${message}`);
}

const head = "principal, action, resource";
const matchOf = (condition: string) =>
  imported(`permit(${head}) when { ${condition} };`).rules.map((rule) => rule.match);

describe("a policy becomes a rule", () => {
  test("permit allows, forbid denies, nothing else is allowed", () => {
    const pack = imported(
      `@id("May read") @reason("Reading is fine.")\npermit(${head});\n\nforbid(${head}) when { context.tool == "x" };`,
    );
    expect(pack.default).toBe("deny");
    expect(pack.rules.map(({ id, effect, reason }) => [id, effect, reason])).toEqual([
      ["may-read", "allow", "Reading is fine."],
      ["forbid-line-4", "deny", "Cedar: line 4."],
    ]);
  });

  test.each([
    ['principal == User::"ann", action, resource', { user: ["ann"] }],
    ['principal in Tenant::"t", action, resource', { tenant: ["t"] }],
    ['principal is User in Tenant::"t", action, resource is Connector', { tenant: ["t"] }],
    ['principal, action == Action::"chat", resource', { operation: ["chat"] }],
    ['principal, action in [Action::"a", Action::"b"], resource', { operation: ["a", "b"] }],
    ['principal, action, resource == Connector::"mcp:x"', { connector: ["mcp:x"] }],
  ])("whose head asks about principal, action and resource: %s", (head, match) => {
    expect(imported(`permit(${head});`).rules.map((rule) => rule.match)).toEqual([match]);
  });

  test.each([
    ['context.effect == "read"', [{ effect: ["read"] }]],
    ['"read" == context.effect', [{ effect: ["read"] }]],
    ['context.effect != "read"', [{ effect: ["write", "destructive", "unknown"] }]],
    ['["a", "b"].contains(context.tool)', [{ tool: ["a", "b"] }]],
    ['context.tool like "get_*"', [{ tool: ["get_*"] }]],
    ['context.host like "*.example.org"', [{ host: ["*.example.org"] }]],
    ["context.private", [{ private: [true] }]],
    ["!context.private", [{ private: [false] }]],
    ["context.port == 443", [{ port: [443] }]],
    ['context has host && context.host == "a"', [{ host: ["a"] }]],
    ["context has tool", [{ tool: ["*"] }]],
    ['context.tool == "a" || context.tool == "b"', [{ tool: ["a", "b"] }]],
    [
      'context.effect == "read" || context.repeat == "safe"',
      [{ effect: ["read"] }, { repeat: ["safe"] }],
    ],
    [
      '(context has host && context.host == "a") || context.effect == "read"',
      [{ host: ["a"] }, { effect: ["read"] }],
    ],
    [
      '!(context.effect == "read" || context.repeat == "safe")',
      [{ effect: ["write", "destructive", "unknown"], repeat: ["keyed", "once"] }],
    ],
    ['["a", "b"].contains(context.tool) && context.tool like "a*"', [{ tool: ["a"] }]],
    ['principal == User::"ann" && true', [{ user: ["ann"] }]],
  ])("whose condition is %s", (condition, matches) => {
    expect(matchOf(condition)).toEqual(matches);
  });
});

describe("what packs cannot say is refused by name, with its line", () => {
  test.each([
    ["context.amount == 3", /^1: .*context\.amount/],
    ["context.port > 3", /^1: .*">"/],
    ["if context.private then true else false", /^1: .*"if-then-else"/],
    ['context.host.startsWith("x")', /^1: /],
    ['ip("1.1.1.1").isLoopback()', /^1: .*"isLoopback"/],
    ['!(context has host) && context.effect == "read"', /^1: .*"!\(context has host\)"/],
    ['context.tool != "x"', /^1: .*tool is not something/],
    ['context.host == "a" || context.effect == "read"', /^1: .*"\|\|" after .*context\.host/],
    ['context.host like "a*"', /^1: .*host pattern "a\*"/],
    ['context.tool == "a*"', /^1: .*star that stands for itself/],
    ['context.tool like "a\\*b"', /^1: .*star that stands for itself/],
    ['context.operation like "http.*"', /^1: .*"like" on context\.operation/],
    ['context.effect == "raed"', /^1: .*never "raed"/],
    ['context.port == "443"', /^1: .*compared with a string/],
    ['context.host == "EXAMPLE.org"', /^1: .*another spelling/],
    ["context has port", /^1: .*"context has port"/],
    ['context.tool like "a*" && context.tool like "*b"', /^1: .*two patterns on tool/],
    ['context.effect == "read" && context.effect == "write"', /^1: .*no request can fit/],
    ["context.tool == context.user", /^1: .*comparison of two attributes/],
    ["[context.user].contains(context.tool)", /^1: .*something else than values/],
    ["principal == resource", /^1: /],
    ['principal.name == "x"', /^1: .*attribute of context/],
  ])("%s", (condition, message) => {
    const refused = refusals(`permit(${head}) when { ${condition} };`);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(message);
  });

  test("all of a file at once, templates, groups and other types too", () => {
    const text = `// a comment; with permit(principal, action, resource);
permit(principal == ?principal, action, resource);
permit(principal, action, resource == Connector::"mcp:a");
permit(principal in Group::"g", action, resource);
permit(principal is Robot, action, resource);
permit(principal, action, resource in Folder::"f");
permit(principal == Robot::"r", action, resource);`;
    expect(refusals(text).map((line) => line.slice(0, 12))).toEqual([
      "2: a templat",
      "4: packs can",
      "5: packs can",
      "6: packs can",
      "7: packs can",
    ]);
  });

  test("what start-up would refuse, with the place in the source", () => {
    const shadowed = `permit(${head})\nwhen { context.tool == "x" };\nforbid(${head});`;
    expect(refusals(shadowed)).toEqual([expect.stringMatching(/^1: the rule .* never decides/)]);
    expect(refusals(`\npermit(${head}) when { context.connector like "mpc:*" };`)).toEqual([
      expect.stringMatching(/^2: .* no connector has the surface "mpc"/),
    ]);
  });

  test("what is not Cedar", () => {
    expect(refusals(`permit(${head});\n\nforbid x;`)).toEqual([expect.stringMatching(/^3: /)]);
  });
});

describe("an imported policy decides as Cedar itself", () => {
  const users = ["ann", "bob"];
  const tenants = ["home", "acme"];
  const tools = ["get_a", "get_b", "put_a"];
  const hosts = ["example.org", "a.example.org", "other.test", "10.0.0.1", "169.254.169.254"];
  const operations = ["chat", "tools/call", "http.get"];
  const connectors = ["mcp:files", "mcp:git", "http:api", "model:x"];
  const effects = ["read", "write", "destructive", "unknown"] as const;
  const repeats = ["safe", "keyed", "once"] as const;
  const text = (values: readonly string[]) => fc.constantFrom(...values).map((v) => `"${v}"`);

  const optional: Readonly<Record<string, fc.Arbitrary<string>>> = {
    tool: fc.oneof(
      text(tools).map((v) => `context.tool == ${v}`),
      fc.constantFrom('context.tool like "get_*"', 'context.tool like "*_a"'),
      text(tools).map((v) => `["put_a", ${v}].contains(context.tool)`),
    ),
    host: fc.oneof(
      text(hosts).map((v) => `context.host == ${v}`),
      fc.constant('context.host like "*.example.org"'),
    ),
    port: fc.constantFrom("context.port == 443", "[80, 443].contains(context.port)"),
    private: fc.constantFrom("context.private", "context.private == false", "!context.private"),
    metadata: fc.constantFrom("!context.metadata", "context.metadata"),
    agent: fc.constantFrom('context.agent == "w@1"', 'context.agent like "w@*"'),
  };
  const guarded = fc
    .constantFrom(...Object.keys(optional))
    .chain((key) =>
      fc
        .tuple(optional[key] ?? fc.constant("true"), fc.boolean())
        .map(([leaf, guard]) => (guard ? `(context has ${key} && ${leaf})` : leaf)),
    );
  const certain = fc.oneof(
    text(effects).map((v) => `context.effect == ${v}`),
    text(effects).map((v) => `context.effect != ${v}`),
    text(repeats).map((v) => `context.repeat == ${v}`),
    text(connectors).map((v) => `context.connector == ${v}`),
    fc.constant('context.connector like "mcp:*"'),
    text(operations).map((v) => `context.operation == ${v}`),
    text(users).map((v) => `context.user == ${v}`),
  );
  const { condition } = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      guarded,
      certain,
      fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} && ${b})`),
      fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} || ${b})`),
      tie("condition").map((a) => `!(${a})`),
    ),
  }));
  const policy = fc
    .record({
      effect: fc.constantFrom("permit", "permit", "forbid"),
      principal: fc.constantFrom(
        "principal",
        "principal",
        'principal == User::"ann"',
        'principal in Tenant::"home"',
        'principal is User in Tenant::"acme"',
      ),
      action: fc.constantFrom(
        "action",
        "action",
        'action in [Action::"chat", Action::"tools/call"]',
      ),
      resource: fc.constantFrom("resource", "resource", 'resource == Connector::"mcp:git"'),
      word: fc.constantFrom("when", "when", "unless"),
      condition,
    })
    .map(
      ({ effect, principal, action, resource, word, condition }) =>
        `${effect}(${principal}, ${action}, ${resource}) ${word} { ${condition} };`,
    );
  const question: fc.Arbitrary<Question> = fc
    .record({
      connector: fc.constantFrom(...connectors),
      operation: fc.constantFrom(...operations),
      effect: fc.constantFrom(...effects),
      repeat: fc.constantFrom(...repeats),
      tool: fc.option(fc.constantFrom(...tools), { nil: undefined }),
      host: fc.option(fc.constantFrom(...hosts), { nil: undefined }),
      port: fc.option(fc.constantFrom(80, 443, 8080), { nil: undefined }),
      user: fc.constantFrom(...users),
      tenant: fc.constantFrom(...tenants),
      agent: fc.option(fc.constantFrom("w@1", "w@2", "x@1"), { nil: undefined }),
    })
    .map(({ connector, operation, effect, repeat, tool, host, port, user, tenant, agent }) => ({
      connector,
      facts: {
        operation,
        effect,
        repeat,
        ...(tool === undefined ? {} : { tool }),
        ...(host === undefined ? {} : { host }),
        ...(host === undefined || port === undefined ? {} : { port }),
      },
      principal: { user, tenant, ...(agent === undefined ? {} : { agent }) },
    }));

  /** Policies that are imported; those that are refused, and those behind them, are left out. */
  const importable = (policies: readonly string[]): readonly string[] => {
    const made = importCedar(cedar, policies.join("\n"), "p", "p");
    if (made.ok) return policies;
    const bad = new Set(made.refused.map(({ at }) => at.line - 1));
    return importable(policies.filter((_, index) => !bad.has(index)));
  };

  test("for any policies that can be imported and any calls", () => {
    const seen = { policies: 0, calls: 0, allowed: 0, shut: 0 };
    fc.assert(
      fc.property(
        fc.array(policy, { minLength: 4, maxLength: 14 }),
        fc.array(question, { minLength: 20, maxLength: 20 }),
        (candidates, questions) => {
          const policies = importable(candidates);
          if (policies.length === 0) return;
          seen.policies += policies.length;
          const ours = compilePolicy([imported(policies.join("\n"))]);
          const parsed = cedar.preparsePolicySet("imported", {
            staticPolicies: policies.join("\n"),
          });
          expect(parsed.type).toBe("success");
          for (const asked of questions) {
            const decided = ours.decide(asked.facts, asked.connector, asked.principal);
            const answer = cedar.statefulIsAuthorized({
              ...cedarRequest(asked),
              preparsedPolicySetId: "imported",
            });
            if (answer.type === "failure") throw new Error(answer.errors[0]?.message);
            seen.calls += 1;
            if (decided.ruleId.startsWith("egress/")) {
              // Stricter, and only so: a private address is shut unless a policy speaks of them.
              expect(answer.response.decision).toBe("allow");
              seen.shut += 1;
              continue;
            }
            expect(decided.effect, policies.join("\n")).toBe(answer.response.decision);
            if (decided.effect === "allow") seen.allowed += 1;
          }
        },
      ),
      { numRuns: 50, seed: 33 },
    );
    // A generator whose policies are all refused, or all say no, would prove nothing.
    expect(seen.policies).toBeGreaterThan(120);
    expect(seen.calls).toBeGreaterThan(600);
    expect(seen.allowed).toBeGreaterThan(80);
    expect(seen.shut).toBeGreaterThan(10);
  });
});
