import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import type { DeclaredRunner } from "../commands/declared.ts";
import type { CommandEnd } from "../commands/run-command.ts";
import { runProbes } from "./run-probes.ts";
import { parseSurface } from "./surface-file.ts";
import type { Probe } from "./surface-form.ts";
import { ctrfSurface, markdownSurface } from "./surface-report.ts";

const exited = (code: number | null): CommandEnd => ({
  kind: "exited",
  status: { code, signal: code === null ? "SIGKILL" : null },
});

function probe(more: object = {}): Probe {
  const one = {
    id: "one",
    promise: "It works.",
    owner: "ada",
    paths: ["*"],
    run: ["program", "--to", "{folder}/x"],
    expect: { output: [{ at: "/outcome", equals: "verified" }] },
    sabotage: ["--sabotage"],
    ...more,
  };
  const [read] = parseSurface(JSON.stringify({ version: 1, probes: [one] }), "s.yaml").probes;
  if (read === undefined) throw new Error("there is a probe");
  return read;
}

/** Runs one probe with a command that ends and prints as told. */
async function ran(
  given: Probe,
  does: { end?: CommandEnd; stdout?: string; leaves?: (folder: string) => void },
  mode: "promised" | "sabotaged" = "promised",
) {
  const calls: string[][] = [];
  const folders: string[] = [];
  const declared: DeclaredRunner = async (command) => {
    calls.push([...command]);
    does.leaves?.(folders.at(-1) ?? "");
    const { end = exited(0), stdout = "" } = does;
    return { end, stdout, output: `${stdout}said on the side`, durationMs: 5 };
  };
  let removed = 0;
  const scratch = async () => {
    const path = temporaryFolder("probe");
    folders.push(path);
    const remove = async (): Promise<void> => {
      removed += 1;
    };
    return { path, remove };
  };
  const run = { root: "/", probes: [given], mode, parallel: 2 };
  const [verdict] = await runProbes({ declared, scratch }, run);
  expect(removed).toBe(folders.length);
  return { verdict, calls, folders };
}

const good = { stdout: '{"outcome":"verified"}' };

describe("a probe", () => {
  test("is met where all is seen; its folder stands in its command", async () => {
    const { verdict, calls, folders } = await ran(probe(), good);
    expect(verdict).toMatchObject({ outcome: "met", problems: [], output: "" });
    expect(calls).toEqual([["program", "--to", `${folders[0]}/x`]]);
  });

  test("may print an object a line: the last counts", async () => {
    const { verdict } = await ran(probe(), { stdout: `{"outcome":"begun"}\n${good.stdout}\n` });
    expect(verdict?.outcome).toBe("met");
  });

  test.each<[string, Parameters<typeof ran>[1], string]>([
    ["something else is seen", { stdout: '{"outcome":"failed"}' }, '/outcome is "failed"'],
    ["it is not there", { stdout: "{}" }, "/outcome is missing"],
    ["it says that it was skipped", { stdout: '{"skipped":true}' }, "/outcome is missing"],
    ["it prints nothing", {}, "no JSON"],
    ["it prints no JSON", { stdout: "verified" }, "no JSON"],
    ["it ends with another code", { ...good, end: exited(77) }, "it ended with 77"],
    ["it is killed", { ...good, end: exited(null) }, "it ended with SIGKILL"],
    ["it takes too long", { ...good, end: { kind: "timeout" } }, "did not end within 60 s"],
    ["it is stopped", { ...good, end: { kind: "cancelled" } }, "it was cancelled"],
    [
      "its program is missing",
      { end: { kind: "not_started", error: { code: "a.b", message: "no such program" } as never } },
      "no such program",
    ],
  ])("is missed where %s, which is said with what it printed", async (_what, does, said) => {
    const { verdict } = await ran(probe(), does);
    expect(verdict?.outcome).toBe("missed");
    expect(verdict?.problems.join("\n")).toContain(said);
    expect(verdict?.output).toContain("said on the side");
  });

  test.each<[object, unknown, boolean]>([
    [{ at_least: 2 }, 2, true],
    [{ at_least: 2 }, 1.9, false],
    [{ at_least: 2 }, "3", false],
    [{ at_most: 2 }, 2, true],
    [{ at_most: 2 }, 3, false],
    [{ at_most: 2 }, null, false],
    [{ matches: "^a+$" }, "aa", true],
    [{ matches: "^a+$" }, "ab", false],
    [{ matches: "1" }, 1, false],
    [{ equals: null }, null, true],
    [{ equals: null }, 0, false],
    [{ equals: 1 }, true, false],
    [{ equals: ["a", 1] }, ["a", 1], true],
    [{ equals: ["a", 1] }, ["a"], false],
  ])("that looks for %j is right about %j: %s", async (look, seen, isMet) => {
    const given = probe({ expect: { output: [{ at: "/x", ...look }] } });
    const { verdict } = await ran(given, { stdout: JSON.stringify({ x: seen }) });
    expect(verdict?.outcome).toBe(isMet ? "met" : "missed");
  });

  test("that must be refused is missed where it is not", async () => {
    const given = probe({ expect: { exit: 64, output: [{ at: "/outcome", equals: "verified" }] } });
    expect((await ran(given, { ...good, end: exited(64) })).verdict?.outcome).toBe("met");
    expect((await ran(given, good)).verdict?.problems).toEqual(["it ended with 0, not with 64"]);
  });
});

describe("a report that must be left", () => {
  const given = probe({ expect: { report: "r.json" } });
  const report = (...statuses: readonly string[]) => ({
    reportFormat: "CTRF",
    specVersion: "0.0.0",
    results: {
      tool: { name: "t" },
      summary: {
        tests: statuses.length,
        passed: statuses.filter((one) => one === "passed").length,
        failed: statuses.filter((one) => one === "failed").length,
        pending: 0,
        skipped: statuses.filter((one) => one === "skipped").length,
        other: 0,
        start: 1_780_000_000_000,
        stop: 1_780_000_001_000,
      },
      tests: statuses.map((status, index) => ({ name: `t${index}`, status, duration: 1 })),
    },
  });
  const leaves = (value: unknown) => ({
    leaves: (folder: string) => writeFileSync(join(folder, "r.json"), JSON.stringify(value)),
  });

  test("is met with tests that all passed", async () => {
    expect((await ran(given, leaves(report("passed", "passed")))).verdict?.problems).toEqual([]);
  });

  test.each<[string, Parameters<typeof ran>[1], string]>([
    ["is not there", {}, "wrote no report r.json"],
    ["is a folder", { leaves: (folder) => mkdirSync(join(folder, "r.json")) }, "EISDIR"],
    ["has no tests", leaves(report()), "has no tests"],
    ["has one that failed", leaves(report("passed", "failed")), "1 of 2 tests"],
    ["has one that was skipped", leaves(report("passed", "skipped")), "1 of 2 tests"],
    ["is no report", leaves({ hello: 1 }), "r.json"],
    [
      "counts otherwise than it lists",
      leaves({
        ...report("passed"),
        results: {
          ...report("passed").results,
          summary: { ...report("passed").results.summary, tests: 7 },
        },
      }),
      "does not hold to its format",
    ],
  ])("is missed where it %s", async (_what, does, said) => {
    const { verdict } = await ran(given, does);
    expect([verdict?.outcome, verdict?.problems.join("\n")]).toEqual([
      "missed",
      expect.stringContaining(said),
    ]);
  });
});

describe("a probe that is sabotaged", () => {
  test("is met where it sees what was spoilt", async () => {
    const { verdict, calls } = await ran(probe(), { stdout: '{"outcome":"failed"}' }, "sabotaged");
    expect(verdict?.problems).toEqual([]);
    expect(calls[0]?.at(-1)).toBe("--sabotage");
  });

  test.each<[string, object, Parameters<typeof ran>[1], string]>([
    ["it holds all the same", {}, good, "though it was sabotaged"],
    ["it breaks down by itself", {}, { end: exited(64) }, "did not get as far"],
    ["it only ends otherwise", {}, { ...good, end: exited(1) }, "did not get as far"],
    ["it takes too long", {}, { end: { kind: "timeout" } }, "did not get as far"],
  ])("is missed where %s", async (_what, more, does, said) => {
    const { verdict } = await ran(probe(more), does, "sabotaged");
    expect(verdict?.problems.join("\n")).toContain(said);
  });

  test("is missed, and not run, where it names no sabotage", async () => {
    const { sabotage: _none, ...rest } = probe();
    const { verdict, calls } = await ran(rest, good, "sabotaged");
    expect([verdict?.outcome, calls]).toEqual(["missed", []]);
  });
});

test("a report names what is missed and why, and in CTRF it has failed", async () => {
  const { verdict } = await ran(probe(), { stdout: '{"outcome":"a|b"}' });
  if (verdict === undefined) throw new Error("there is a verdict");
  const report = {
    format: "agent33-surface/1" as const,
    file: "s.yaml",
    mode: "promised" as const,
    outcome: "failed" as const,
    startedAt: 1,
    durationMs: 5,
    probes: [verdict],
    notRun: ["two"],
  };
  const markdown = markdownSurface(report);
  expect(markdown).toMatch(/^# Capability surface: failed\n\n0 of 1 probes hold/);
  expect(markdown).toContain("| MISSED | one | It works. | ada |");
  expect(markdown).toContain("Not run: two.");
  expect(ctrfSurface(report)).toMatchObject({
    results: {
      summary: { tests: 1, passed: 0, failed: 1 },
      tests: [{ name: "one", status: "failed", labels: { owner: "ada" } }],
      extra: { "agent33.surface": { notRun: ["two"] } },
    },
  });
});
