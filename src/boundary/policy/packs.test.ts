import { describe, expect, test } from "vitest";
import type { Effect } from "../../base/effect.ts";
import type { CallFacts, DecisionEffect } from "../types.ts";
import { compilePolicy } from "./compile.ts";
import { loadPacks, readLibrary } from "./load.ts";
import { parsePack } from "./pack-file.ts";

/** Connector, operation, effect, host, decision, rule. */
type Row = readonly [string, string, Effect, string | undefined, DecisionEffect, string];

const principal = { tenant: "home", user: "ann", agent: "writer@1" };

function factsOf(operation: string, effect: Effect, host: string | undefined): CallFacts {
  const facts = { operation, effect, repeat: "once" } as const;
  if (host === undefined) return facts;
  // `name > address`: the second question, when the name is resolved.
  const [name = "", address] = host.split(" > ");
  return { ...facts, host: name, ...(address === undefined ? {} : { address }) };
}

const no = undefined;

const tables: Readonly<Record<string, readonly Row[]>> = {
  default: [
    ["model:anthropic", "chat", "read", "api.anthropic.com", "allow", "default/models"],
    ["model:local", "chat", "read", "localhost", "allow", "default/configured-nearby"],
    ["model:scripted", "chat", "read", no, "allow", "default/models"],
    ["embedding:local", "embed", "read", "127.0.0.1", "allow", "default/configured-nearby"],
    ["mcp:files", "session/open", "unknown", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/list", "read", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/call", "read", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/call", "write", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/call", "unknown", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/call", "destructive", no, "ask", "default/destructive-asks"],
    ["tool:workspace", "tools/call", "read", no, "allow", "default/workspace"],
    ["tool:workspace", "tools/call", "write", no, "allow", "default/workspace"],
    ["tool:workspace", "tools/call", "destructive", no, "ask", "default/destructive-asks"],
    ["shell:host", "exec", "unknown", no, "ask", "default/shell-asks"],
    ["shell:host", "exec", "read", no, "ask", "default/shell-asks"],
    ["messaging:slack", "message.send", "write", "slack.com", "ask", "default/messages-ask"],
    ["messaging:slack", "message.list", "read", "slack.com", "allow", "default/default"],
    ["web:fetch", "web.fetch", "read", "example.org", "allow", "default/default"],
    ["search:searx", "search", "read", "example.org", "allow", "default/default"],
    ["http:api", "http.delete", "destructive", "example.org", "ask", "default/destructive-asks"],
    ["http:doctor", "probe", "read", "127.0.0.1", "allow", "default/doctor-nearby"],
    ["model:local", "chat", "read", "gpu.lan > 192.168.1.5", "allow", "default/configured-nearby"],
    ["model:local", "chat", "read", "gpu.lan > 169.254.169.254", "deny", "default/no-metadata"],
    ["model:local", "chat", "read", "168.63.129.16", "deny", "default/no-metadata"],
    ["mcp:local", "session/open", "unknown", "::1", "allow", "default/configured-nearby"],
    ["search:searx", "search", "read", "localhost", "allow", "default/configured-nearby"],
    ["messaging:hook", "message.send", "write", "10.0.0.9", "ask", "default/messages-ask"],
    ["web:fetch", "web.fetch", "read", "10.0.0.9", "deny", "egress/private-address"],
    ["web:fetch", "web.fetch", "read", "0x7f.1", "deny", "egress/private-address"],
    ["web:fetch", "web.fetch", "read", "example.org > 93.184.216.34", "allow", "default/default"],
    ["web:fetch", "web.fetch", "read", "example.org > 10.0.0.9", "deny", "egress/private-address"],
    [
      "web:fetch",
      "web.fetch",
      "read",
      "example.org > fd00:ec2::254",
      "deny",
      "default/no-metadata",
    ],
    ["http:api", "http.get", "read", "127.0.0.1", "deny", "egress/private-address"],
    ["http:api", "http.delete", "destructive", "localhost", "deny", "egress/private-address"],
    ["web:fetch", "web.fetch", "read", "169.254.169.254", "deny", "default/no-metadata"],
    ["web:fetch", "web.fetch", "read", "[fd00:ec2::254]", "deny", "default/no-metadata"],
    ["web:fetch", "web.fetch", "read", "[::ffff:a9fe:a9fe]", "deny", "default/no-metadata"],
    ["http:api", "http.get", "read", "Metadata.Google.Internal.", "deny", "default/no-metadata"],
    ["model:local", "chat", "read", "169.254.169.254", "deny", "default/no-metadata"],
    ["mcp:files", "session/open", "unknown", "169.254.169.254", "deny", "default/no-metadata"],
  ],
  "strict-web": [
    ["model:anthropic", "chat", "read", "api.anthropic.com", "allow", "default/models"],
    ["model:local", "chat", "read", "127.0.0.1", "allow", "default/configured-nearby"],
    ["embedding:local", "embed", "read", "localhost", "allow", "default/configured-nearby"],
    ["mcp:files", "tools/call", "unknown", no, "allow", "default/mcp-servers"],
    ["mcp:remote", "session/open", "unknown", "10.0.0.8", "deny", "strict-web/no-private-network"],
    ["tool:workspace", "tools/call", "write", no, "allow", "default/workspace"],
    ["shell:host", "exec", "unknown", no, "ask", "default/shell-asks"],
    ["messaging:slack", "message.send", "write", "slack.com", "ask", "default/messages-ask"],
    ["web:fetch", "web.fetch", "read", "example.org", "deny", "strict-web/default"],
    ["http:api", "http.get", "read", "example.org", "deny", "strict-web/default"],
    ["search:searx", "search", "read", "example.org", "deny", "strict-web/default"],
    ["media:speech", "transcribe", "read", "example.org", "deny", "strict-web/default"],
    ["web:fetch", "web.fetch", "read", "192.168.1.1", "deny", "strict-web/no-private-network"],
    ["http:api", "http.get", "read", "localhost", "deny", "strict-web/no-private-http"],
    ["web:fetch", "web.fetch", "read", "169.254.169.254", "deny", "default/no-metadata"],
    ["http:doctor", "probe", "read", "api.anthropic.com", "allow", "strict-web/doctor-probes"],
    ["http:doctor", "probe", "read", "127.0.0.1", "allow", "default/doctor-nearby"],
    [
      "web:fetch",
      "web.fetch",
      "read",
      "a.test > 10.0.0.9",
      "deny",
      "strict-web/no-private-network",
    ],
    ["model:local", "chat", "read", "gpu.lan > 10.0.0.9", "allow", "default/configured-nearby"],
    ["http:other", "probe", "read", "example.org", "deny", "strict-web/default"],
  ],
  "mcp-readonly": [
    ["mcp:files", "session/open", "unknown", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/list", "read", no, "allow", "default/mcp-servers"],
    ["mcp:files", "resources/read", "read", no, "allow", "default/mcp-servers"],
    ["mcp:files", "prompts/get", "read", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/call", "read", no, "allow", "default/mcp-servers"],
    ["mcp:files", "tools/call", "unknown", no, "ask", "mcp-readonly/unknown-tools-ask"],
    ["mcp:files", "tools/call", "write", no, "deny", "mcp-readonly/no-changing-tools"],
    ["mcp:files", "tools/call", "destructive", no, "deny", "mcp-readonly/no-changing-tools"],
    ["tool:workspace", "tools/call", "write", no, "allow", "default/workspace"],
    ["model:anthropic", "chat", "read", "api.anthropic.com", "allow", "default/models"],
    ["shell:host", "exec", "unknown", no, "ask", "default/shell-asks"],
    ["web:fetch", "web.fetch", "read", "example.org", "allow", "default/default"],
  ],
  "air-gapped": [
    ["model:local", "chat", "read", "localhost", "allow", "default/configured-nearby"],
    ["model:local", "chat", "read", "192.168.1.5", "allow", "default/configured-nearby"],
    ["model:local", "chat", "read", "[::1]", "allow", "default/configured-nearby"],
    ["model:scripted", "chat", "read", no, "allow", "default/models"],
    ["model:anthropic", "chat", "read", "api.anthropic.com", "deny", "air-gapped/no-public-host"],
    ["model:odd", "chat", "read", "8.8.8.8", "deny", "air-gapped/no-public-host"],
    ["embedding:remote", "embed", "read", "example.org", "deny", "air-gapped/no-public-host"],
    ["mcp:files", "tools/call", "write", no, "allow", "default/mcp-servers"],
    ["mcp:remote", "session/open", "unknown", "example.org", "deny", "air-gapped/no-public-host"],
    ["tool:workspace", "tools/call", "write", no, "allow", "default/workspace"],
    ["shell:host", "exec", "unknown", no, "ask", "default/shell-asks"],
    ["messaging:hook", "message.send", "write", "10.0.0.9", "deny", "air-gapped/no-messages"],
    ["messaging:hook", "message.send", "write", no, "deny", "air-gapped/no-messages"],
    ["web:fetch", "web.fetch", "read", "example.org", "deny", "air-gapped/no-public-host"],
    ["web:fetch", "web.fetch", "read", "10.0.0.9", "deny", "air-gapped/default"],
    ["messaging:hook", "message.list", "read", "10.0.0.9", "deny", "air-gapped/no-messages"],
    ["search:searx", "search", "read", "127.0.0.1", "deny", "air-gapped/no-services"],
    ["media:speech", "transcribe", "read", no, "deny", "air-gapped/no-services"],
    ["http:doctor", "probe", "read", "127.0.0.1", "allow", "default/doctor-nearby"],
    ["http:doctor", "probe", "read", "api.anthropic.com", "deny", "air-gapped/no-public-host"],
    ["model:local", "chat", "read", "169.254.169.254", "deny", "default/no-metadata"],
  ],
  "model-budget": [
    ["model:anthropic", "chat", "read", "api.anthropic.com", "allow", "default/models"],
    ["model:local", "chat", "read", "127.0.0.1", "allow", "default/configured-nearby"],
    ["embedding:local", "embed", "read", "localhost", "allow", "default/configured-nearby"],
    ["model:local", "chat", "read", "169.254.169.254", "deny", "default/no-metadata"],
    ["mcp:files", "tools/call", "destructive", no, "ask", "default/destructive-asks"],
    ["shell:host", "exec", "unknown", no, "ask", "default/shell-asks"],
    ["web:fetch", "web.fetch", "read", "example.org", "allow", "default/default"],
    ["web:fetch", "web.fetch", "read", "10.0.0.9", "deny", "egress/private-address"],
  ],
  "messaging-outbound": [
    ["messaging:slack", "message.send", "write", "slack.com", "ask", "default/messages-ask"],
    ["messaging:slack", "call", "unknown", "slack.com", "ask", "default/messages-ask"],
    ["messaging:hook", "message.send", "write", "10.0.0.9", "ask", "default/messages-ask"],
    ["messaging:hook", "message.send", "write", "169.254.1.1", "deny", "default/no-metadata"],
    [
      "messaging:slack",
      "message.list",
      "read",
      "slack.com",
      "deny",
      "messaging-outbound/no-reading",
    ],
    [
      "messaging:slack",
      "message.delete",
      "destructive",
      "slack.com",
      "deny",
      "messaging-outbound/no-unsending",
    ],
    ["model:anthropic", "chat", "read", "api.anthropic.com", "allow", "default/models"],
    ["shell:host", "exec", "unknown", no, "ask", "default/shell-asks"],
    ["web:fetch", "web.fetch", "read", "example.org", "allow", "default/default"],
  ],
};

for (const [name, rows] of Object.entries(tables)) {
  describe(`the pack ${name}`, () => {
    const policy = compilePolicy(loadPacks({ select: [name] }));

    test.each(rows)(
      "%s %s (%s) to %s: %s by %s",
      (connector, operation, effect, host, decision, rule) => {
        const decided = policy.decide(factsOf(operation, effect, host), connector, principal);
        expect([decided.effect, decided.ruleId]).toEqual([decision, rule]);
      },
    );

    test("has every rule tested here, itself or as one of those that match", () => {
      const seen = new Set(
        rows.flatMap(([connector, operation, effect, host]) => {
          const facts = factsOf(operation, effect, host);
          const { matched, session = [] } = policy.decide(facts, connector, principal);
          return [...matched, ...session.map(({ ruleId }) => ruleId)];
        }),
      );
      const own = policy.rules.filter((rule) => rule.pack === name).map((rule) => rule.ruleId);
      expect(own.filter((rule) => !seen.has(rule))).toEqual([]);
    });
  });
}

test("every shipped pack has a table of decisions here", () => {
  expect([...readLibrary().keys()].sort()).toEqual(Object.keys(tables).sort());
});

test("all shipped packs can be selected together, and each denial still holds", () => {
  const select = [...readLibrary().keys()];
  const policy = compilePolicy(loadPacks({ select }));
  for (const rows of Object.values(tables)) {
    for (const [connector, operation, effect, host, decision] of rows) {
      if (decision !== "deny") continue;
      expect(policy.decide(factsOf(operation, effect, host), connector, principal).effect).toBe(
        "deny",
      );
    }
  }
});

describe("a further pack", () => {
  const policyWith = (select: string, rules: string) =>
    compilePolicy([
      ...loadPacks({ select: [select] }),
      parsePack(
        `pack: more\nversion: 1\ndescription: d\ndefault: allow\nrules:\n${rules}`,
        "more.yaml",
      ),
    ]);
  const fetched = (policy: ReturnType<typeof policyWith>, host: string) =>
    policy.decide(factsOf("web.fetch", "read", host), "web:fetch", principal);

  test("opens private addresses for what it names, and nothing that is metadata", () => {
    const policy = policyWith(
      "default",
      '  - id: wiki\n    allow: { connector: "web:*", host: ["*.corp.example", 10.0.0.5], private: true }\n    reason: r\n',
    );
    expect(fetched(policy, "wiki.corp.example").ruleId).toBe("default/default");
    expect(fetched(policy, "wiki.corp.example > 10.1.2.3").ruleId).toBe("more/wiki");
    expect(fetched(policy, "wiki.corp.example > 169.254.169.254").effect).toBe("deny");
    expect(fetched(policy, "wiki.corp.example > 100.100.100.200").effect).toBe("deny");
    expect(fetched(policy, "wiki.example > 10.1.2.3").effect).toBe("deny");
    expect(fetched(policy, "wiki.example > 10.0.0.5").ruleId).toBe("more/wiki");
    expect(fetched(policy, "10.0.0.5").ruleId).toBe("more/wiki");
    expect(fetched(policy, "10.0.0.6").effect).toBe("deny");
  });

  test("asks about private addresses where it says so", () => {
    const policy = policyWith(
      "default",
      '  - id: inside\n    ask: { connector: "web:*", private: true }\n    reason: r\n',
    );
    expect(fetched(policy, "10.0.0.6")).toMatchObject({ effect: "ask", ruleId: "more/inside" });
    expect(fetched(policy, "169.254.1.1").effect).toBe("deny");
  });

  test("denies an address under every name that leads to it", () => {
    const policy = policyWith(
      "default",
      "  - id: not-there\n    deny: { host: 93.184.216.34 }\n    reason: r\n",
    );
    expect(fetched(policy, "example.org").effect).toBe("allow");
    expect(fetched(policy, "example.org > 93.184.216.35").effect).toBe("allow");
    expect(fetched(policy, "example.org > 93.184.216.34").ruleId).toBe("more/not-there");
    expect(fetched(policy, "example.org > ::ffff:93.184.216.34").ruleId).toBe("more/not-there");
  });
});

describe("metadata addresses", () => {
  const only = (match: string) =>
    compilePolicy([
      parsePack(
        `pack: p\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - id: r\n    allow: ${match}\n    reason: r\n`,
        "p.yaml",
      ),
    ]);
  const reaches = (match: string, host: string) =>
    only(match).decide(factsOf("http.get", "read", host), "http:x", principal);

  test("need a rule of their own", () => {
    expect(reaches("{ private: true }", "169.254.169.254").ruleId).toBe("egress/metadata-address");
    expect(reaches("{ private: true }", "x.test > fd00:ec2::254").ruleId).toBe(
      "egress/metadata-address",
    );
    expect(reaches("{ metadata: true }", "169.254.169.254").effect).toBe("allow");
    expect(reaches("{ metadata: true }", "x.test > 169.254.169.254").effect).toBe("allow");
    expect(reaches("{ metadata: true }", "10.0.0.1").ruleId).toBe("egress/private-address");
  });

  test.each(["{ metadata: true, private: false }", "{ host: 10.0.0.1, metadata: true }"])(
    "%s matches nothing and is refused",
    (match) => {
      expect(() => only(match)).toThrow(/never matches/);
    },
  );

  test("a connector that knows a name to be private is believed, one that denies it is not", () => {
    const { decide } = only("{ effect: read }");
    const facts = factsOf("http.get", "read", "box.test");
    expect(decide(facts, "http:x", principal).effect).toBe("allow");
    expect(decide({ ...facts, privateAddress: true }, "http:x", principal).effect).toBe("deny");
    const literal = factsOf("http.get", "read", "127.0.0.1");
    expect(decide({ ...literal, privateAddress: false }, "http:x", principal).effect).toBe("deny");
  });
});

test("a further pack opens a host under strict-web, and no more than that", () => {
  const hosts = parsePack(
    'pack: hosts\nversion: 1\ndescription: d\ndefault: deny\nextends: [strict-web]\nrules:\n  - id: docs\n    allow: { connector: "web:*", host: "*.example.org" }\n    reason: r\n',
    "hosts.yaml",
  );
  const policy = compilePolicy([...loadPacks({ select: ["strict-web"] }), hosts]);
  const effectOf = (connector: string, host: string) =>
    policy.decide(factsOf("web.fetch", "read", host), connector, principal).effect;
  expect(effectOf("web:fetch", "docs.example.org")).toBe("allow");
  expect(effectOf("web:fetch", "example.net")).toBe("deny");
  expect(effectOf("search:searx", "docs.example.org")).toBe("deny");
});
