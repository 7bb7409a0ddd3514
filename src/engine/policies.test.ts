import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventsOf, testEngine, testHost } from "../../test/support/engine.ts";
import { loadConfig } from "../config/config.ts";
import { createPolicies, type Policies } from "./policies.ts";

let folder: string;
const open: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-policies-"));
});
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true });
});

const packText = (rule: string, name = "mine") =>
  `pack: ${name}\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - id: r\n    ${rule}\n    reason: because\n`;

function write(name: string, text: string): void {
  mkdirSync(join(folder, "packs"), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** Policies over the folder's settings, what they warned of, and what the one in force says. */
function policiesHere(everyMs?: number) {
  const warnings: string[] = [];
  let swaps = 0;
  const policies: Policies = createPolicies({
    config: loadConfig({ cwd: folder, env: {}, flags: [] }),
    host: { ...testHost(folder), warn: (message) => void warnings.push(message) },
    onSwap: () => {
      swaps += 1;
    },
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  open.push(policies.close);
  const inForce = () =>
    policies.policyFor(policies.selection(), { entryPoint: "cli", tenant: "home" });
  return {
    policies,
    warnings,
    swaps: () => swaps,
    version: () => inForce().version,
    /** The rule that decides about this tool. */
    ruleFor: (tool: string) =>
      inForce().decide({ operation: "tools/call", effect: "read", repeat: "safe", tool }, "mcp:x", {
        tenant: "home",
        user: "ann",
      }).ruleId,
    /** Two looks: a file that has changed must rest before it is read. */
    settle: () => {
      policies.check();
      policies.check();
    },
  };
}

beforeEach(() => {
  write("agent33.config.yaml", "policy: { packs: [mine], files: [packs] }\n");
  write("packs/mine.yaml", packText("deny: { tool: a }"));
});

describe("a changed pack", () => {
  test("takes the place of the old one when it rests, as a whole", () => {
    const { ruleFor, settle, policies, warnings, swaps, version } = policiesHere();
    const before = version();
    write("packs/mine.yaml", packText("deny: { tool: b }"));
    policies.check();
    expect([ruleFor("a"), ruleFor("b"), swaps()]).toEqual(["mine/r", "mine/default", 0]);
    policies.check();
    expect([ruleFor("a"), ruleFor("b"), swaps()]).toEqual(["mine/default", "mine/r", 1]);
    expect(version()).not.toBe(before);
    expect(warnings).toEqual([expect.stringMatching(/^policy\.reloaded: \w{8} gave way to \w{8}/)]);
    settle();
    expect(swaps()).toBe(1);
  });

  test("is not read while it is being written, when half of it may be a pack too", () => {
    const { ruleFor, policies, swaps } = policiesHere();
    for (const rule of ["b", "bb", "bbb"]) {
      write("packs/mine.yaml", packText(`deny: { tool: ${rule} }`));
      policies.check();
    }
    expect([ruleFor("a"), swaps()]).toEqual(["mine/r", 0]);
    policies.check();
    expect(ruleFor("bbb")).toBe("mine/r");
  });

  test("that is bad leaves the old one in force and says where and what, once", () => {
    const { ruleFor, settle, warnings, swaps, version } = policiesHere();
    const before = version();
    write("packs/mine.yaml", packText("deny: { tol: b }"));
    settle();
    settle();
    settle();
    expect(ruleFor("a")).toBe("mine/r");
    expect([version(), swaps()]).toEqual([before, 0]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("policy.kept: the policy stays as it was, policy.malformed_pack");
    expect(warnings[0]).toContain(`${join(folder, "packs/mine.yaml")}:7:13: unknown key "tol"`);
    expect(warnings[0]).toContain('Did you mean "tool"?');
    write("packs/mine.yaml", packText("deny: { tool: b }"));
    settle();
    expect(ruleFor("b")).toBe("mine/r");
  });

  test("that is gone, doubled or never matches leaves the old one in force too", () => {
    const { ruleFor, settle, warnings } = policiesHere();
    rmSync(join(folder, "packs/mine.yaml"));
    settle();
    expect([ruleFor("a"), warnings.at(-1)]).toEqual([
      "mine/r",
      expect.stringContaining("policy.unknown_pack"),
    ]);
    write("packs/mine.yaml", packText("deny: { tool: a }"));
    write("packs/other.yaml", packText("deny: { tool: a }"));
    settle();
    expect([ruleFor("a"), warnings.at(-1)]).toEqual([
      "mine/r",
      expect.stringContaining("policy.duplicate_pack"),
    ]);
    write("packs/other.yaml", packText("deny: { connector: mcp }", "other"));
    settle();
    write("packs/mine.yaml", packText("deny: { connector: mcp }"));
    settle();
    expect([ruleFor("a"), warnings.at(-1)]).toEqual([
      "mine/r",
      expect.stringContaining("policy.never_matches"),
    ]);
    rmSync(join(folder, "packs"), { recursive: true });
    settle();
    expect([ruleFor("a"), warnings.at(-1)]).toEqual([
      "mine/r",
      expect.stringContaining("policy.unreadable_pack"),
    ]);
  });

  test("is found without being asked for, and stops with the engine", async () => {
    const { policies, ruleFor, swaps } = policiesHere(5);
    policies.follow();
    write("packs/mine.yaml", packText("deny: { tool: b }"));
    await expect.poll(() => ruleFor("b")).toBe("mine/r");
    policies.close();
    write("packs/mine.yaml", packText("deny: { tool: c }"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([ruleFor("c"), swaps()]).toEqual(["mine/default", 1]);
  });
});

describe("a changed selection in the settings' file", () => {
  test("takes the place of the old one", () => {
    const { ruleFor, settle, policies } = policiesHere();
    write("packs/other.yaml", packText("deny: { tool: c }", "other"));
    write("agent33.config.yaml", "policy: { packs: [mine, other], files: [packs] }\n");
    settle();
    expect([ruleFor("a"), ruleFor("c")]).toEqual(["mine/r", "other/r"]);
    expect(policies.selection()).toMatchObject({
      packs: ["mine", "other"],
      files: [join(folder, "packs")],
    });
  });

  test.each([
    ["policy: { packs: [mime], files: [packs] }", /unknown_pack.*agent33\.config\.yaml:1.*"mine"/],
    ["polcy: { packs: [mine] }", /config\.unknown_setting.*agent33\.config\.yaml:1/],
    ["policy: [", /config\.malformed/],
  ])("that is bad is not taken: %s", (text, warning) => {
    const { ruleFor, settle, warnings, policies } = policiesHere();
    write("agent33.config.yaml", `${text}\n`);
    settle();
    expect(ruleFor("a")).toBe("mine/r");
    expect(policies.selection().packs).toEqual(["mine"]);
    expect(warnings[0]).toMatch(warning);
  });

  test("is tried again when a file that it brought along is mended", () => {
    const { ruleFor, settle, warnings } = policiesHere();
    write("more.yaml", packText("deny: { tol: c }", "more"));
    write("agent33.config.yaml", "policy: { packs: [mine, more], files: [packs, more.yaml] }\n");
    settle();
    settle();
    expect(warnings).toHaveLength(1);
    write("more.yaml", packText("deny: { tool: c }", "more"));
    settle();
    expect(ruleFor("c")).toBe("more/r");
  });

  test("that says the same in other words is no change", () => {
    const { settle, warnings, swaps } = policiesHere();
    write("agent33.config.yaml", "# packs\npolicy:\n  packs: [mine]\n  files: [packs]\n");
    settle();
    expect([warnings, swaps()]).toEqual([[], 0]);
  });
});

test("the next run gets the new policy; each record says which one decided", async () => {
  const started = testEngine({ "policy.packs": ["mine"], "policy.files": ["packs"] }, folder);
  open.push(() => started.engine.close());
  const versionsOf = (runId: string) => {
    const { items } = started.engine.store.audit.list({ runId });
    return new Set(
      items.map(({ record }) => (record["decision"] as { policyVersion: string }).policyVersion),
    );
  };
  const turn = { tool_calls: [{ name: "append_line", arguments: { path: "a.txt", line: "x" } }] };
  const first = await started.run([turn, { text: "Done." }]);
  write("packs/mine.yaml", packText("deny: { tool: append_line }"));
  await expect
    .poll(() => started.engine.boundary.policy.version, { timeout: 10_000 })
    .not.toBe([...versionsOf(first.runId)][0]);
  const second = await started.run([turn, { text: "Done." }]);
  const [old, now] = [versionsOf(first.runId), versionsOf(second.runId)];
  expect([old.size, now.size]).toEqual([1, 1]);
  expect(now).toEqual(new Set([started.engine.boundary.policy.version]));
  expect(old).not.toEqual(now);
  expect(JSON.stringify(second.events)).toContain("mine/r");
  expect(JSON.stringify(first.events)).not.toContain("mine/r");
});

test("an agent does not write the policy that it is under, or the next one", async () => {
  write("notes.txt", "");
  const started = testEngine({ "policy.packs": ["mine"], "policy.files": ["packs"] }, folder);
  open.push(() => started.engine.close());
  const calls = ["packs/mine.yaml", "packs/new.yaml", "agent33.config.yaml", "notes.txt"].map(
    (path) => ({ name: "append_line", arguments: { path, line: "  - x" } }),
  );
  const { events } = await started.run([{ tool_calls: calls }, { text: "Done." }]);
  const results = eventsOf(events, "tool.completed").map(({ isError }) => isError);
  expect(results).toEqual([true, true, true, false]);
});
