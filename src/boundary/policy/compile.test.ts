import { describe, expect, test } from "vitest";
import type { Agent33Error } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";
import type { CallFacts } from "../types.ts";
import { type Blocklist, compilePolicy } from "./compile.ts";
import { parsePack } from "./pack-file.ts";

const principal = { tenant: "home", user: "ann" };
const reading: CallFacts = { operation: "http.get", effect: "read", repeat: "safe" };

/** A pack from its rules, one a line, ids r1, r2, … */
function pack(name: string, fallback: string, rules: readonly string[], more = "") {
  const lines = rules.map((rule, index) => `  - { id: r${index + 1}, reason: because, ${rule} }`);
  const list = rules.length === 0 ? "rules: []" : `rules:\n${lines.join("\n")}`;
  const head = `pack: ${name}\nversion: 1\ndescription: d\ndefault: ${fallback}\n${more}`;
  return parsePack(`${head}${list}\n`, `${name}.yaml`);
}

function failure(run: () => unknown): Agent33Error {
  const result = attempt(run);
  if (result.ok) throw new Error("the policy was accepted");
  return result.error;
}

describe("the decision", () => {
  test("deny goes before ask before allow, whatever the order and the precision", () => {
    const policy = compilePolicy([
      pack("a", "allow", ["allow: { connector: 'web:a', operation: http.get, effect: read }"]),
      pack("b", "allow", ["ask: { operation: http.get }"]),
      pack("c", "allow", ["deny: {}"]),
    ]);
    expect(policy.decide(reading, "web:a", principal)).toMatchObject({
      effect: "deny",
      ruleId: "c/r1",
      matched: ["a/r1", "b/r1", "c/r1"],
      reason: "because",
    });
  });

  test("names the first rule in file order among the strictest", () => {
    const policy = compilePolicy([
      pack("a", "allow", ["allow: {}"]),
      pack("b", "allow", ["ask: {}", "ask: { operation: http.get }"]),
    ]);
    expect(policy.decide(reading, "web:a", principal).ruleId).toBe("b/r1");
  });

  test("the strictest default of several packs holds", () => {
    const policy = compilePolicy([
      pack("a", "allow", []),
      pack("b", "ask", []),
      pack("c", "deny", []),
      pack("d", "deny", []),
    ]);
    const decision = policy.decide(reading, "web:a", principal);
    expect(decision).toMatchObject({ effect: "deny", ruleId: "c/default", matched: [] });
    expect(decision.reason).toContain('"c"');
  });

  test("carries how long an ask stays open", () => {
    const policy = compilePolicy([pack("p", "deny", ["ask: {}, ttl: 10m"])]);
    expect(policy.decide(reading, "web:a", principal).approvalTtlMs).toBe(600_000);
  });

  test("a name that may resolve to a private address is not private, and not passed as public", () => {
    const closed = compilePolicy([pack("p", "allow", ["deny: { private: true }"])]);
    const sealed = compilePolicy([pack("p", "allow", ["deny: { private: false }"])]);
    const named = { ...reading, host: "printer.lan" };
    expect(closed.decide(named, "web:a", principal).effect).toBe("allow");
    expect(sealed.decide(named, "web:a", principal).effect).toBe("deny");
  });

  test("a name may be named together with private: it may turn out to be", () => {
    const policy = compilePolicy([pack("p", "allow", ["deny: { host: a.org, private: true }"])]);
    const named = { ...reading, host: "a.org" };
    expect(policy.decide(named, "web:a", principal).effect).toBe("allow");
    const found = policy.decide({ ...named, address: "10.0.0.1" }, "web:a", principal);
    expect(found.ruleId).toBe("p/r1");
  });

  test("a call without a host matches no rule on host, private or metadata", () => {
    const rules = [
      "deny: { private: [true, false] }",
      "deny: { metadata: [true, false] }",
      "deny: { host: [a.org, 10.0.0.1] }",
    ];
    const policy = compilePolicy([pack("p", "allow", rules)]);
    const facts = { ...reading, privateAddress: true, address: "10.0.0.1" };
    expect(policy.decide(facts, "web:a", principal).ruleId).toBe("p/default");
  });

  test("hosts are compared in lower case, everything else with its case", () => {
    const rules = [
      "deny: { host: A.org }",
      "deny: { tool: Wipe }",
      "deny: { user: Ann }",
      "deny: { connector: 'mcp:FS' }",
    ];
    const policy = compilePolicy([pack("p", "allow", rules)]);
    const effectOf = (facts: object, connector = "mcp:fs") =>
      policy.decide({ ...reading, ...facts }, connector, principal).effect;
    expect(effectOf({ host: "a.ORG" })).toBe("deny");
    expect(effectOf({ tool: "wipe" })).toBe("allow");
    expect(effectOf({ tool: "Wipe" })).toBe("deny");
    expect(effectOf({}, "mcp:FS")).toBe("deny");
  });
});

describe("the version", () => {
  const version = (rules: readonly string[], blocklist: Blocklist = {}) =>
    compilePolicy([pack("p", "deny", rules)], { blocklist }).version;

  test("stays the same for the same policy", () => {
    expect(version(["ask: { tool: a }"])).toBe(version(["ask: { tool: [a] }"]));
    expect(version([])).toMatch(/^[0-9a-f]{64}$/);
  });

  test("changes with whatever changes a decision", () => {
    const versions = [
      version([]),
      version(["ask: { tool: a }"]),
      version(["ask: { tool: b }"]),
      version(["deny: { tool: a }"]),
      version(["ask: { tool: a }, ttl: 1h"]),
      version([], { operations: ["exec"] }),
      compilePolicy([pack("p", "ask", [])]).version,
      compilePolicy([pack("q", "deny", [])]).version,
    ];
    expect(new Set(versions).size).toBe(versions.length);
  });
});

describe("the blocklist of the settings", () => {
  const blocklist = { connectors: ["web:a", "mcp:*"], operations: ["http.delete"] };
  const policy = compilePolicy([pack("p", "allow", ["allow: { connector: 'web:a' }"])], {
    blocklist,
  });

  test("refuses what it names, although a pack allows it", () => {
    expect(policy.decide(reading, "web:a", principal)).toMatchObject({
      effect: "deny",
      ruleId: "settings/blocked-connectors",
      matched: ["p/r1", "settings/blocked-connectors"],
      reason: "The settings block this connector.",
    });
    expect(policy.decide(reading, "mcp:fs", principal).effect).toBe("deny");
    const deleting = { ...reading, operation: "http.delete" };
    expect(policy.decide(deleting, "http:b", principal).ruleId).toBe("settings/blocked-operations");
  });

  test("leaves the rest to the packs", () => {
    expect(policy.decide(reading, "web:b", principal).ruleId).toBe("p/default");
  });

  test("unites with the denials of the packs, which are named first", () => {
    const denying = compilePolicy([pack("p", "allow", ["deny: {}"])], { blocklist });
    expect(denying.decide(reading, "web:a", principal)).toMatchObject({
      ruleId: "p/r1",
      matched: ["p/r1", "settings/blocked-connectors"],
    });
  });

  test("adds no rule when it is empty", () => {
    const empty = compilePolicy([pack("p", "allow", [])], {
      blocklist: { connectors: [], operations: [] },
    });
    expect(empty.rules).toEqual([]);
  });

  test("is refused when it names what cannot be", () => {
    const error = failure(() =>
      compilePolicy([pack("p", "allow", [])], { blocklist: { connectors: ["mcp"] } }),
    );
    expect(error.code).toBe("policy.never_matches");
    expect(error.message).toMatch(/^settings: the rule "settings\/blocked-connectors"/);
    expect(error.hint).toContain('"mcp:*"');
  });
});

describe("a rule that can never match is refused with its place", () => {
  test.each([
    ["an empty list", "deny: { tool: [] }", /list of tool is empty/, /leave the key out/],
    ["a surface without its colon", "deny: { connector: mcp }", /not of the form/, /"mcp:\*"/],
    [
      "a surface with a star instead of the colon",
      "deny: { connector: 'mcp*' }",
      /not of the form/,
      /"mcp:\*"/,
    ],
    [
      "a misspelt surface",
      "deny: { connector: 'mpc:*' }",
      /no connector has the surface "mpc"/,
      /"mcp"/,
    ],
    ["a surface in another case", "deny: { connector: 'MCP:*' }", /surface "MCP"/, /./],
    ["a pattern that fits no surface", "deny: { connector: 'z*:*' }", /surface "z\*"/, /Known:/],
    ["a surface without a name", "deny: { connector: 'mcp:' }", /has no name/, /"mcp:\*"/],
    ["one bad value among good ones", "deny: { connector: ['mcp:*', web] }", /"web"/, /"web:\*"/],
    ["a URL for a host", "deny: { host: 'https://a.org' }", /is no host/, /without scheme/],
    ["a host with its port", "deny: { host: 'a.org:443' }", /is no host/, /without scheme/],
    ["a star for any host", "deny: { host: '*' }", /is no host/, /private: \[true, false\]/],
    ["a star inside a host", "deny: { host: 'a.*.org' }", /is no host/, /./],
    ["names below an address", "deny: { host: '*.10.0.0.1' }", /is no host/, /./],
    [
      "a name of this machine that is public",
      "deny: { host: a.localhost, private: false }",
      /exclude each other/,
      /./,
    ],
    [
      "an address that is not metadata and is",
      "deny: { host: 10.0.0.1, metadata: true }",
      /exclude each other/,
      /./,
    ],
    [
      "metadata that is public",
      "deny: { metadata: true, private: false }",
      /exclude each other/,
      /Leave private out/,
    ],
    [
      "a public address that is private",
      "deny: { host: 8.8.8.8, private: true }",
      /exclude each other/,
      /./,
    ],
    [
      "a private address that is public",
      "allow: { host: 10.0.0.1, private: false }",
      /exclude each other/,
      /./,
    ],
    [
      "this machine as public",
      "allow: { host: localhost, private: false }",
      /exclude each other/,
      /./,
    ],
    [
      "a pattern for an operation",
      "deny: { operation: 'http.*' }",
      /compared exactly/,
      /Write its values out/,
    ],
    ["a pattern for a user", "deny: { user: 'a*' }", /compared exactly/, /./],
    ["an agent without its version", "deny: { agent: triage }", /name@version/, /"triage@\*"/],
  ] as const)("%s", (_, rule, message, hint) => {
    const error = failure(() => compilePolicy([pack("p", "ask", ["ask: { tool: x }", rule])]));
    expect(error.code).toBe("policy.never_matches");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("p/r2");
    expect(error.hint).toMatch(hint);
    expect(error.details).toEqual({ file: "p.yaml", line: 7, column: 5 });
  });

  test.each([
    "deny: {}",
    "deny: { connector: '*' }",
    "deny: { connector: '*:prod' }",
    "deny: { host: 10.0.0.1, private: true }",
    "deny: { host: '*.localhost', private: true }",
    "deny: { host: [a.org, '*.a.org'], private: false }",
    "deny: { host: 10.0.0.1, private: [true, false] }",
    "deny: { agent: 'triage*' }",
    "deny: { tool: 'files/*' }",
  ])("but not %s", (rule) => {
    expect(compilePolicy([pack("p", "ask", [rule])]).rules).toHaveLength(1);
  });
});

describe("a rule that never decides", () => {
  test.each([
    [
      "the same match denied",
      "allow: { connector: 'mcp:fs', tool: x }",
      "deny: { connector: 'mcp:fs', tool: x }",
    ],
    ["a wider pattern denied", "allow: { connector: 'mcp:fs*' }", "deny: { connector: 'mcp:*' }"],
    ["fewer keys denied", "ask: { tool: wipe, host: a.org }", "deny: { tool: 'w*' }"],
    ["more values asked", "allow: { effect: write }", "ask: { effect: [write, destructive] }"],
    [
      "all names below denied",
      "allow: { host: ['*.b.A.org', c.a.org] }",
      "deny: { host: '*.a.org' }",
    ],
    ["everything denied", "allow: { private: true }", "deny: {}"],
  ])("is refused: %s", (_, weak, strict) => {
    const error = failure(() => compilePolicy([pack("p", "ask", [weak, strict])]));
    expect(error.code).toBe("policy.shadowed");
    expect(error.message).toMatch(/"p\/r1" .* never decides: "p\/r2"/);
    expect(error.details).toEqual({ file: "p.yaml", line: 6, column: 5 });
  });

  test.each([
    ["a narrower denial", "allow: { connector: 'mcp:*' }", "deny: { connector: 'mcp:fs' }"],
    ["another key denied", "allow: { tool: x }", "deny: { host: a.org }"],
    ["the name itself beside those below", "allow: { host: a.org }", "deny: { host: '*.a.org' }"],
    ["a weaker rule over a stricter", "deny: { tool: x }", "allow: {}"],
    ["an equally strict rule", "ask: { tool: x }", "ask: {}"],
  ])("is not: %s", (_, one, other) => {
    expect(compilePolicy([pack("p", "ask", [one, other])]).rules).toHaveLength(2);
  });

  const base = pack("base", "deny", ["deny: { tool: wipe }", "allow: { tool: read }"]);

  test("is refused where the stricter one comes from an extended pack", () => {
    const mine = pack("mine", "deny", ["allow: { tool: wipe, user: ann }"], "extends: [base]\n");
    expect(failure(() => compilePolicy([base, mine])).message).toContain('"base/r1" (deny)');
  });

  test("may come from an extended pack that this one tightens", () => {
    const mine = pack("mine", "deny", ["deny: { tool: read }"], "extends: [base]\n");
    expect(compilePolicy([base, mine]).rules).toHaveLength(3);
  });

  test("may come from a pack that is selected beside this one", () => {
    const mine = pack("mine", "deny", ["allow: { tool: wipe }"]);
    expect(compilePolicy([base, mine]).rules).toHaveLength(3);
  });

  test("is a default too, where it is weaker than that of an extended pack", () => {
    const mine = pack("mine", "ask", [], "extends: [base]\n");
    const error = failure(() => compilePolicy([base, mine]));
    expect(error.code).toBe("policy.shadowed");
    expect(error.details).toEqual({ file: "mine.yaml", line: 4, column: 10 });
    expect(error.hint).toContain("default: deny");
  });
});

test("no packs make no policy", () => {
  expect(failure(() => compilePolicy([])).code).toBe("policy.no_pack");
});
