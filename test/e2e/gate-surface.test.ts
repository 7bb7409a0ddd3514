import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";

grantTests("runs probes", { spawn: true });

/** A probe that prints what it finds in its own folder, and nothing of it where it is spoilt. */
const prints = (id: string, more: object = {}): object => ({
  id,
  promise: `The probe ${id} can write into a folder of its own.`,
  owner: "ada",
  paths: ["*"],
  run: [
    "node",
    "-e",
    `const fs = require("fs"), [folder, spoilt] = process.argv.slice(1);
     const before = fs.readdirSync(folder).length;
     if (spoilt === undefined) fs.writeFileSync(folder + "/made", "x");
     console.log(JSON.stringify({ before, after: fs.readdirSync(folder).length, key: process.env.SECRET_KEY ?? null }))`,
    "{folder}",
  ],
  expect: {
    output: [
      { at: "/before", equals: 0 },
      { at: "/after", at_least: 1 },
      { at: "/key", equals: null },
    ],
  },
  sabotage: ["spoil"],
  ...more,
});

function project(...probes: readonly object[]): string {
  const root = freshFolder();
  writeFileSync(join(root, "agent33.surface.yaml"), JSON.stringify({ version: 1, probes }));
  return root;
}
const surface = (root: string, ...words: readonly string[]) =>
  runInProcess(["gate", "surface", ...words], root, { SECRET_KEY: "hush" });

describe("agent33 gate surface", () => {
  test("runs every probe in a folder of its own, and leaves none", async () => {
    const root = project(prints("one"), prints("two"));
    const words = ["--ctrf", "c.json", "--markdown", "m.md", "--json"];
    const { code, stdout, stderr } = await surface(root, ...words);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^ok (one|two) \(/)]);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "surface",
      outcome: "passed",
      probes: [
        { id: "one", outcome: "met" },
        { id: "two", outcome: "met" },
      ],
      notRun: [],
    });
    expect(readFileSync(join(root, "c.json"), "utf8")).toContain('"reportFormat": "CTRF"');
    expect(readFileSync(join(root, "m.md"), "utf8")).toContain("2 of 2 probes hold");
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("agent33-probe-"))).toEqual([]);
  });

  test("fails with one that is missed, and says why", async () => {
    const root = project(prints("one", { expect: { output: [{ at: "/after", at_least: 2 }] } }));
    const { code, stdout } = await surface(root);
    expect([code, stdout]).toEqual([
      2,
      expect.stringContaining("/after is 1; at least 2 is asked for"),
    ]);
  });

  test("ends one that does not end, and counts it as missed", async () => {
    const endless = { run: ["node", "-e", "setInterval(() => {}, 1e3)"], timeout_seconds: 0.3 };
    const { code, stdout } = await surface(project(prints("one", endless)));
    expect([code, stdout]).toEqual([2, expect.stringContaining("did not end within 0.3 s")]);
  });

  test("runs those that are named, and says which it left out", async () => {
    const root = project(prints("one"), prints("two"));
    const { code, stdout } = await surface(root, "two");
    expect(code).toBe(0);
    expect(stdout).toContain("1 of 1 probes hold");
    expect(stdout).toContain("Not run: one.");
  });

  test("sabotaged, a probe that sees it is met, and one that holds all the same is not", async () => {
    const blind = { expect: { output: [{ at: "/before", equals: 0 }] } };
    const root = project(prints("sees"), prints("blind", blind));
    const { code, stdout } = await surface(root, "--sabotaged", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      mode: "sabotaged",
      probes: [
        { id: "sees", outcome: "met" },
        { id: "blind", outcome: "missed", problems: [expect.stringContaining("though it was")] },
      ],
    });
  });

  test("says what is wrong with what it is given", async () => {
    const root = project(prints("one", { expect: {} }));
    const cannotFail = await surface(root);
    expect([cannotFail.code, cannotFail.stderr]).toEqual([
      64,
      expect.stringMatching(/agent33\.surface\.yaml:\d+:\d+: .*nothing that could fail/),
    ]);
    const missing = await surface(root, "--file", "no.yaml");
    expect([missing.code, missing.stderr]).toEqual([64, expect.stringContaining("no.yaml")]);
    const unknown = await surface(project(prints("one")), "oen");
    expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining('"one"')]);
  });
});
