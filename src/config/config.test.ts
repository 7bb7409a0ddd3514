import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { type ConfigSources, loadConfig } from "./config.ts";

function folderWith(text: string): string {
  const folder = temporaryFolder("config");
  writeFileSync(join(folder, "agent33.config.yaml"), text);
  return folder;
}

function load(sources: Partial<ConfigSources>) {
  return loadConfig({ cwd: tmpdir(), env: {}, flags: [], ...sources });
}

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("settings", () => {
  test("flags win over the environment, the environment over the file, the file over the defaults", () => {
    const cwd = folderWith(
      "effort: low\nmodel: file:model\nlimits:\n  maxSteps: 3\n  maxChecks: 2\n",
    );
    const config = load({
      cwd,
      env: { AGENT33_MODEL: "env:model", AGENT33_LIMITS_MAX_STEPS: "5" },
      flags: [{ setting: "limits.maxSteps", flag: "--max-steps", value: 7 }],
    });
    expect(config.settings).toMatchObject({
      effort: "low",
      model: "env:model",
      limits: { maxSteps: 7, maxChecks: 2, maxTokens: 2_000_000 },
    });
    expect(config.originOf("effort")).toEqual({
      layer: "file",
      name: `${cwd}/agent33.config.yaml:1`,
    });
    expect(config.originOf("model")).toEqual({ layer: "environment", name: "AGENT33_MODEL" });
    expect(config.originOf("limits.maxSteps")).toEqual({ layer: "flag", name: "--max-steps" });
    expect(config.originOf("tenant").layer).toBe("default");
  });

  test("every setting is explained with its value and its variable", () => {
    const explained = load({ env: { AGENT33_POLICY_PACKS: "default, strict-web" } }).explain();
    expect(explained.find((setting) => setting.name === "policy.packs")).toMatchObject({
      value: ["default", "strict-web"],
      environmentName: "AGENT33_POLICY_PACKS",
      origin: { layer: "environment" },
    });
    expect(explained.length).toBeGreaterThan(15);
  });

  test.each([
    ["efort: low", "efort", 'Did you mean "effort"?'],
    ["limits:\n  maxStep: 3", "limits.maxStep", 'Did you mean "limits.maxSteps"?'],
  ])(
    "an unknown name in the file is an error with its line and the nearest name: %s",
    (text, name, hint) => {
      const error = codeOf(() => load({ cwd: folderWith(text) }));
      expect(error).toMatchObject({ code: "config.unknown_setting", hint });
      expect(String(error)).toContain(`"${name}"`);
      expect(String(error)).toMatch(/agent33\.config\.yaml:\d/);
    },
  );

  test("an unknown variable is an error, a known one that is no setting is not", () => {
    expect(codeOf(() => load({ env: { AGENT33_MODL: "x" } }))).toMatchObject({
      code: "config.unknown_setting",
      hint: 'Did you mean "AGENT33_MODEL"?',
    });
    expect(
      load({ env: { AGENT33_BENCH_DATA: "/x", PATH: "/bin" } }).settings.model,
    ).toBeUndefined();
  });

  test.each([
    ["a wrong value", "effort: extreme", "config.invalid_value"],
    ["a wrong type", "limits:\n  maxSteps: many", "config.invalid_value"],
    ["broken YAML", "effort: [", "config.malformed"],
    ["no table", "- effort", "config.malformed"],
  ])("%s is an error", (_what, text, code) => {
    expect(codeOf(() => load({ cwd: folderWith(text) }))).toMatchObject({ code });
  });

  test("a file that was named must exist", () => {
    expect(codeOf(() => load({ file: "/nowhere/x.yaml" }))).toMatchObject({
      code: "config.unreadable",
    });
  });
});
