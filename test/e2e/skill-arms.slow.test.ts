import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { grantTests } from "../support/egress.ts";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";

grantTests("runs trials on the host", { spawn: true });

const tasks = join(projectRoot, "examples/tasks");
const interval = z.object({
  ok: z.literal(true),
  value: z.object({ low: z.number(), high: z.number() }),
});
const suite = z.object({
  counts: z.object({ trials: z.int(), errors: z.int() }),
  tasks: z.array(
    z.object({ task: z.string(), passes: z.int(), trials: z.int(), flaky: z.boolean() }),
  ),
});
const comparisonSchema = z.object({
  comparison: z.object({
    a: suite,
    b: suite,
    difference: z.object({ ok: z.literal(true), value: z.number() }),
    bootstrap: interval,
    hurt: z.array(z.string()),
    helped: z.array(z.string()),
  }),
});
const signalsSchema = z.object({
  items: z.array(z.object({ source: z.string(), context: z.record(z.string(), z.string()) })),
});

async function agent33(cwd: string, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess([...words, "--data", "data"], cwd);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** The trials that something was learned from. */
async function learned(cwd: string): Promise<readonly string[]> {
  const { items } = signalsSchema.parse(
    JSON.parse(await agent33(cwd, "learn", "list", "--limit", "100", "--json")),
  );
  return items
    .filter(({ source }) => source === "engine:trial")
    .map(({ context }) => context["trial"] ?? "")
    .toSorted();
}

const flakyOf = (arm: z.infer<typeof suite>) =>
  arm.tasks.filter(({ flaky }) => flaky).map(({ task }) => task);
const passesOf = (arm: z.infer<typeof suite>) =>
  Object.fromEntries(arm.tasks.map(({ task, passes }) => [task, passes]));

describe("the example tasks, five trials each with and without their skills", () => {
  test("show what the skill is worth, which tasks are flaky, and are learned from once", async () => {
    const cwd = freshFolder();
    const words = ["--environment", "host", "--model", "scripted:{task}/turns.yaml"];
    const arms = ["--skills", "none", "--skills", "own", "--trials", "5"];
    const job = ["--exclude", "ledger-reconcile", "--job", "arms"];
    await agent33(cwd, "eval", "run", tasks, ...words, ...arms, ...job);
    const sides = ["--first", "skills none", "--second", "skills own"];
    const said = await runInProcess(
      ["eval", "compare", "jobs/arms", "jobs/arms", ...sides, "--format", "json"],
      cwd,
    );
    const { a, b, difference, bootstrap, helped, hurt } = comparisonSchema.parse(
      JSON.parse(said.stdout),
    ).comparison;
    expect([a.counts, b.counts]).toMatchObject([
      { trials: 15, errors: 0 },
      { trials: 15, errors: 0 },
    ]);
    expect(passesOf(a)).toEqual({ "broken-links": 5, "expense-totals": 3, "label-codes": 0 });
    expect(passesOf(b)).toEqual({ "broken-links": 5, "expense-totals": 3, "label-codes": 4 });
    expect(flakyOf(a)).toEqual(["expense-totals"]);
    expect(flakyOf(b)).toEqual(["expense-totals", "label-codes"]);
    // One task of three gains four trials of five.
    expect(difference.value).toBeCloseTo(0.8 / 3, 9);
    expect(bootstrap.value.low).toBeCloseTo(0, 9);
    expect(bootstrap.value.high).toBeCloseTo(0.8, 9);
    expect([helped, hurt]).toEqual([["label-codes"], []]);
    const trials = await learned(cwd);
    expect(trials).toHaveLength(2 + 5 + 2 + 1);
    await agent33(cwd, "eval", "resume", "jobs/arms");
    expect(await learned(cwd)).toEqual(trials);
  }, 180_000);
});
