import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Effect } from "../../base/effect.ts";
import type { CallFacts } from "../types.ts";
import { compilePolicy } from "./compile.ts";
import { loadPacks, readLibrary } from "./load.ts";
import { parsePack } from "./pack-file.ts";
import { readTestFile } from "./tools/test-file.ts";

const principal = { tenant: "home", user: "ann", agent: "writer@1" };

function factsOf(operation: string, effect: Effect, host: string | undefined): CallFacts {
  const facts = { operation, effect, repeat: "once" } as const;
  if (host === undefined) return facts;
  // `name > address`: the second question, when the name is resolved.
  const [name = "", address] = host.split(" > ");
  return { ...facts, host: name, ...(address === undefined ? {} : { address }) };
}

test("all shipped packs can be selected together, and each denial still holds", () => {
  const select = [...readLibrary().keys()];
  const policy = compilePolicy(loadPacks({ select }));
  let denials = 0;
  for (const name of select) {
    const file = fileURLToPath(new URL(`../../../packs/tests/${name}.yaml`, import.meta.url));
    for (const { connector, facts, principal: caller, expected } of readTestFile(file, principal)
      .cases) {
      if (expected.effect !== "deny") continue;
      denials += 1;
      expect(policy.decide(facts, connector, caller).effect).toBe("deny");
    }
  }
  expect(denials).toBeGreaterThan(20);
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
