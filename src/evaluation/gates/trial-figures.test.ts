import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { trialOf } from "../trials/trial.fixture.ts";
import { figuresOfTrial } from "./trial-figures.ts";

function folderWith(files: Readonly<Record<string, unknown>>): string {
  const root = temporaryFolder("figures");
  for (const [path, value] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), JSON.stringify(value));
  }
  return root;
}

const manifest = (
  written: readonly string[],
  deleted: readonly string[] = [],
  partial = false,
) => ({
  "artifacts/manifest.json": {
    written: written.map((path) => ({ path, bytes: 1, kept: true })),
    deleted,
    partial,
  },
});
const trial = trialOf({ id: "one" });

test.each([
  ["nothing was touched", {}, 1],
  ["all that was touched may be", manifest(["out/a.txt"], ["out/b.txt"]), 1],
  ["half of it may be", manifest(["out/a.txt", "src/a.ts"]), 0.5],
  ["a file was deleted that may not be", manifest([], ["src/a.ts"]), 0],
  ["only half of it was looked at", manifest(["out/a.txt"], [], true), null],
])("scope where %s", async (_what, files, scope) => {
  expect(await figuresOfTrial(trial, folderWith(files), ["out/*"])).toMatchObject({ scope });
});

test("nothing is known of scope where nobody said what may be touched", async () => {
  const dir = folderWith(manifest(["out/a.txt"]));
  expect(await figuresOfTrial(trial, dir, null)).toMatchObject({ scope: null });
});

test("rework is the share of calls that repeat an earlier one word for word", async () => {
  const call = (id: number, path: string) => ({
    step_id: id,
    source: "agent",
    message: "",
    tool_calls: [{ tool_call_id: `c${id}`, function_name: "read_file", arguments: { path } }],
  });
  const steps = ["a", "b", "a", "a"].map((path, index) => call(index + 1, path));
  const agent = { name: "worker", version: "1" };
  const dir = folderWith({
    "agent/trajectory.json": { schema_version: "ATIF-v1.7", session_id: "s", agent, steps },
  });
  expect(await figuresOfTrial(trial, dir, null)).toMatchObject({ rework: 0.5 });
  expect(await figuresOfTrial(trial, folderWith({}), null)).toMatchObject({ rework: null });
});

test("a trial without a verdict, or without a price, has no such figure", async () => {
  const error = { phase: null, code: "x.y", message: "gone", retryable: false };
  const none = trialOf({ id: "two", verdict: { kind: "error", error }, costMicroUsd: null });
  expect(await figuresOfTrial(none, folderWith({}), null)).toMatchObject({
    success_rate: null,
    cost_micro_usd: null,
    duration_ms: 2_000,
  });
});

test("a list of written files that cannot be read is an error, and no figure", async () => {
  const dir = folderWith({ "artifacts/manifest.json": { written: "all" } });
  await expect(figuresOfTrial(trial, dir, ["*"])).rejects.toMatchObject({
    code: "evaluation.results_unreadable",
  });
});
