import { describe, expect, test } from "vitest";
import { routeEffort, type RoutingQuestion } from "./decision.ts";
import { routingSettingsSchema } from "./settings.ts";

const settings = routingSettingsSchema.parse({
  enabled: true,
  tenants: { "Tenant-A": "medium", solo: "high" },
  domains: { finance: "high", chat: "low" },
  tenantDomains: { "Tenant-A": { finance: "low" } },
});
const plain = { effort: "medium", source: "file" } as const;

function ask(question: Partial<RoutingQuestion>, over: Partial<typeof settings> = {}) {
  const asked = {
    effort: undefined,
    tenant: "other",
    domain: undefined,
    agentEffort: undefined,
    work: () => "short",
    ...question,
  };
  return routeEffort(asked, { ...settings, ...over }, plain);
}

const both = { tenant: "Tenant-A", domain: "finance", agentEffort: "high" } as const;
const noClassifier = { classifier: { ...settings.classifier, enabled: false } };

describe("the tier of a run is that of", () => {
  test.each([
    ["the request, before everything", { ...both, effort: "high" }, {}, "high", "request"],
    ["tenant and domain, before either alone", both, {}, "low", "tenant_domain"],
    ["the tenant, before the domain", { ...both, domain: "chat" }, {}, "medium", "tenant"],
    ["the tenant, without a domain", { tenant: "solo" }, {}, "high", "tenant"],
    [
      "the domain, before the agent",
      { ...both, tenant: "other", domain: "chat" },
      {},
      "low",
      "domain",
    ],
    ["the agent, before the classifier", { agentEffort: "high" }, {}, "high", "agent"],
    ["the classifier, before the setting", {}, {}, "low", "classifier"],
    ["the setting, where nothing else decides", {}, noClassifier, "medium", "default"],
  ] as const)("%s", (_row, question, over, effort, source) => {
    const decision = ask(question, over);
    expect(decision).toMatchObject({ effort, source });
    expect(decision.reasons.length).toBeGreaterThan(0);
    expect(decision.confidence === null).toBe(source !== "classifier");
  });
});

describe("without routing", () => {
  const off = { enabled: false };

  test("the request comes first, then the agent, then the setting with where it came from", () => {
    expect(ask({ ...both, effort: "low" }, off)).toMatchObject({
      effort: "low",
      source: "request",
    });
    expect(ask(both, off)).toMatchObject({ effort: "high", source: "agent" });
    expect(ask({ tenant: "Tenant-A", domain: "finance" }, off)).toMatchObject({
      effort: "medium",
      source: "file",
    });
  });

  test("nobody looks at the work or at tables, and the decision says that it is off", () => {
    const work = () => {
      throw new Error("looked at");
    };
    const decision = ask({ tenant: "tenant-a", domain: "nowhere", work }, off);
    expect(decision.reasons).toContain("routing is off");
  });
});

test("the work is not looked at where somebody has said the tier", () => {
  const work = () => {
    throw new Error("looked at");
  };
  expect(ask({ work, effort: "low" }).source).toBe("request");
  expect(ask({ work, tenant: "solo" }).source).toBe("tenant");
  expect(ask({ work, domain: "chat" }).source).toBe("domain");
  expect(ask({ work }, noClassifier).source).toBe("default");
});

describe("a name that is none is an error that says what is known", () => {
  test.each(["HIGH", "High", "hgih", "", "constructor"])("an effort %j", (effort) => {
    for (const enabled of [true, false]) {
      expect(() => ask({ effort }, { enabled })).toThrow(
        expect.objectContaining({
          code: "agents.unknown_effort",
          hint: "Write one of low, medium, high.",
        }),
      );
    }
  });

  test("a tenant that differs in case from one with a tier", () => {
    expect(() => ask({ tenant: "tenant-a", domain: "finance" })).toThrow(
      expect.objectContaining({
        code: "agents.unknown_tenant",
        hint: expect.stringContaining('"Tenant-A"'),
      }),
    );
  });

  test("a tenant that is not listed, where tenants are", () => {
    const listed = { knownTenants: ["Tenant-A", "solo"] };
    expect(() => ask({ tenant: "other" }, listed)).toThrow(
      expect.objectContaining({
        code: "agents.unknown_tenant",
        hint: expect.stringContaining("Known: Tenant-A, solo"),
      }),
    );
    expect(ask({ tenant: "solo" }, listed).effort).toBe("high");
  });

  test("a domain that nothing names", () => {
    expect(() => ask({ domain: "Finance" })).toThrow(
      expect.objectContaining({
        code: "agents.unknown_domain",
        hint: expect.stringContaining('"finance"'),
      }),
    );
    expect(ask({ domain: "law" }, { knownDomains: ["law"] }).source).toBe("classifier");
  });
});

test("a tenant called like what every object has is not taken for one with a tier", () => {
  expect(ask({ tenant: "constructor" }, noClassifier).source).toBe("default");
});

describe("settings are refused", () => {
  test.each([
    [{ knownTenants: ["a"], tenants: { b: "low" } }, /no tenant "b"/],
    [{ knownTenants: ["a"], tenantDomains: { A: { x: "low" } } }, /Did you mean "a"/],
    [{ tenants: { a: "low", A: "high" } }, /nothing but case/],
    [{ tenants: { a: "HIGH" } }, /low/],
    [{ domains: { Finance: "low" } }, /Invalid key/],
    [{ classifier: { lowBelow: 9, highFrom: 9 } }, /less than/],
  ])("%j", (given, said) => {
    const parsed = routingSettingsSchema.safeParse(given);
    const problems = parsed.error?.issues.map(({ message }) => message).join("; ");
    expect(problems).toMatch(said);
  });
});
