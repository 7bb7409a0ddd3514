import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { testEngine } from "../../test/support/engine.ts";
import type { Agent33Error } from "../base/errors.ts";
import { attempt } from "../base/result.ts";
import { loadConfig } from "../config/config.ts";
import type { EntryPoint } from "../config/schema.ts";
import { compileSelection } from "./policy.ts";

const hosts = `pack: hosts
version: 1
description: d
default: deny
extends: [strict-web]
rules:
  - id: docs
    allow: { connector: "web:*", host: "docs.example" }
    reason: r
`;

function folderWith(settings: string): string {
  const cwd = temporaryFolder("policy");
  writeFileSync(join(cwd, "agent33.config.yaml"), settings);
  writeFileSync(join(cwd, "hosts.yaml"), hosts);
  return cwd;
}

function compiled(settings: string, flags: readonly string[] = []) {
  const cwd = folderWith(settings);
  const config = loadConfig({
    cwd,
    env: {},
    flags: flags.map((pack) => ({ setting: "policy.packs", flag: "--policy", value: [pack] })),
  });
  const selection = compileSelection(config.settings.policy, cwd, config.originOf);
  return (entryPoint: EntryPoint, tenant: string, host = "news.example", operation = "web.fetch") =>
    selection
      .policyFor({ entryPoint, tenant })
      .decide({ operation, effect: "read", repeat: "safe", host }, "web:fetch", {
        tenant,
        user: "ann",
      });
}

function failure(settings: string): Agent33Error {
  const result = attempt(() => compiled(settings));
  if (result.ok) throw new Error("the settings were accepted");
  return result.error;
}

describe("what holds for an entry point or a tenant", () => {
  const settings = `policy:
  files: [hosts.yaml]
  entryPoints:
    api: { packs: [strict-web] }
    mcp: { blockOperations: [web.fetch] }
  tenants:
    acme: { packs: [hosts] }
    constructor: { blockConnectors: ["web:*"] }
`;

  test("holds besides what holds for all, and the stricter decides", () => {
    const decide = compiled(settings);
    expect(decide("cli", "home")).toMatchObject({ effect: "allow", ruleId: "default/default" });
    expect(decide("api", "home")).toMatchObject({ effect: "deny", ruleId: "strict-web/default" });
    expect(decide("mcp", "home").ruleId).toBe("settings/blocked-operations");
    expect(decide("mcp", "home", "news.example", "web.search").effect).toBe("allow");
    expect(decide("cli", "acme", "docs.example").ruleId).toBe("default/default");
    expect(decide("cli", "acme")).toMatchObject({ effect: "deny", ruleId: "strict-web/default" });
    // What a tenant's pack opens stays shut where the entry point's does not open it.
    expect(decide("api", "acme", "docs.example").ruleId).toBe("strict-web/default");
  });

  test("is found by the tenant's exact name", () => {
    const decide = compiled(settings);
    for (const tenant of ["Acme", "acme ", "acm", "toString"]) {
      expect(decide("cli", tenant).effect, tenant).toBe("allow");
    }
    expect(decide("cli", "constructor").ruleId).toBe("settings/blocked-connectors");
  });

  test("has a version of its own", () => {
    const decide = compiled(settings);
    const versions = [decide("cli", "home"), decide("api", "home"), decide("cli", "acme")];
    expect(new Set(versions.map(({ policyVersion }) => policyVersion)).size).toBe(3);
    expect(decide("cli", "other").policyVersion).toBe(versions[0]?.policyVersion);
  });

  test("is not skipped by a flag", () => {
    const strict = `policy: { entryPoints: { cli: { packs: [strict-web] } } }`;
    expect(compiled(strict, ["default"])("cli", "home").ruleId).toBe("strict-web/default");
  });
});

describe("a name that is not known is a start-up error with its place and the nearest one", () => {
  test.each([
    ["policy:\n  packs: [defualt]", /policy\.packs \(.*agent33\.config\.yaml:2\)/, /"default"/],
    [
      "policy:\n  entryPoints:\n    api:\n      packs: [strict-wep]",
      /policy\.entryPoints\.api\.packs \(.*agent33\.config\.yaml:4\)/,
      /"strict-web"/,
    ],
    [
      "policy:\n  tenants:\n    nobody: { packs: [mcp-readnly] }",
      /policy\.tenants \(.*agent33\.config\.yaml:3\)/,
      /"mcp-readonly"/,
    ],
  ])("%s", (settings, message, hint) => {
    const error = failure(settings);
    expect(error.code).toBe("policy.unknown_pack");
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  test("also an entry point, and a word in a part", () => {
    const entry = failure("policy:\n  entryPoints:\n    apu: { packs: [default] }");
    expect(entry.code).toBe("config.unknown_setting");
    expect(entry.message).toMatch(/agent33\.config\.yaml:3: "policy\.entryPoints\.apu"/);
    expect(entry.hint).toContain("policy.entryPoints.api");
    expect(failure("policy:\n  tenants:\n    acme: { pack: [default] }").code).toBe(
      "config.invalid_value",
    );
  });
});

describe("no policy at all cannot be had", () => {
  test.each([
    "policy: { packs: [] }",
    "policy: { packs: [none] }",
    "policy: off",
    "policy: { enabled: false }",
    "boundary: { enabled: false }",
  ])("%s is refused", (settings) => {
    expect(failure(settings).code).toMatch(/^(config|policy)\./);
  });

  test("no setting takes calls past the policy, not even that of the egress guard", async () => {
    const { run, engine } = testEngine({
      egressGuard: "off",
      "policy.blockOperations": ["chat"],
    });
    try {
      const { outcome, events } = await run([{ text: "Done." }]);
      expect(outcome).toBe("failed");
      expect(JSON.stringify(events)).toContain("settings/blocked-operations");
    } finally {
      await engine.close();
    }
  });

  test("a run is under the policy of the entry point that it was asked for at", async () => {
    const settings = { "policy.entryPoints.api.blockOperations": ["chat"] };
    const { run, engine } = testEngine(settings);
    try {
      expect((await run([{ text: "Done." }])).outcome).not.toBe("failed");
      expect((await run([{ text: "Done." }], { entryPoint: "api" })).outcome).toBe("failed");
    } finally {
      await engine.close();
    }
  });
});
