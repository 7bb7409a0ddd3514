import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { globMatcher } from "../../base/glob.ts";
import { canonicalJson } from "../../base/json.ts";
import { durationOf } from "../statistics/task-result.ts";
import { readTrajectory } from "../trajectories/atif.ts";
import { passedOf, type Trial } from "../trials/trial.ts";
import type { GateMetric } from "./gates-form.ts";

/** What is measured of one trial with a verdict; null where it is not known, never 0 for that. */
export type TrialFigures = Readonly<Record<GateMetric, number | null>>;

const manifestSchema = z.object({
  written: z.array(z.object({ path: z.string() })),
  deleted: z.array(z.string()),
  partial: z.boolean(),
});

/**
 * Measures one trial.
 * @param dir the trial's folder
 * @param scope which files its work may touch; null where nobody said, or nobody saw what it touched
 * @throws Agent33Error `evaluation.results_unreadable`, `evaluation.trajectory_malformed`
 */
export async function figuresOfTrial(
  trial: Trial,
  dir: string,
  scope: readonly string[] | null,
): Promise<TrialFigures> {
  const passed = passedOf(trial);
  return {
    success_rate: passed === undefined ? null : Number(passed),
    duration_ms: durationOf(trial),
    cost_micro_usd: trial.costMicroUsd,
    rework: await reworkOf(trial, dir),
    scope: scope === null ? null : await scopeOf(trial, dir, scope),
  };
}

/**
 * The share of tool calls that repeat an earlier one of the same trial word for word. Not known
 * without a trajectory: a program that worked, or a solution, says nothing of its calls.
 */
async function reworkOf(trial: Trial, dir: string): Promise<number | null> {
  const parts = trial.steps === undefined ? [""] : trial.steps.map(({ name }) => `steps/${name}`);
  const seen = new Set<string>();
  let calls = 0;
  for (const part of parts) {
    const path = join(dir, part, "agent/trajectory.json");
    const value = await jsonAt(path);
    if (value === undefined) return null;
    for (const { tool_calls } of readTrajectory(value, path).steps) {
      for (const { function_name, arguments: given } of tool_calls ?? []) {
        calls += 1;
        seen.add(canonicalJson([function_name, given]));
      }
    }
  }
  return calls === 0 ? 0 : (calls - seen.size) / calls;
}

/** The share of files that were written or deleted that may be; 1 where none was. */
async function scopeOf(
  trial: Trial,
  dir: string,
  scope: readonly string[],
): Promise<number | null> {
  const within = globMatcher(scope);
  const touched: string[] = [];
  const parts = trial.steps === undefined ? [""] : trial.steps.map(({ name }) => `steps/${name}`);
  for (const part of parts) {
    const path = join(dir, part, "artifacts/manifest.json");
    const value = await jsonAt(path);
    // A trial of ours that changed nothing keeps no list of it.
    if (value === undefined) continue;
    const parsed = manifestSchema.safeParse(value);
    if (!parsed.success) throw unreadable(path, parsed.error);
    // With half a look nobody can say what else was touched.
    if (parsed.data.partial) return null;
    touched.push(...parsed.data.written.map((file) => file.path), ...parsed.data.deleted);
  }
  return touched.length === 0 ? 1 : touched.filter(within).length / touched.length;
}

/** Nothing where there is no such file. */
async function jsonAt(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause) ?? "")) return undefined;
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): Agent33Error {
  return new Agent33Error(
    "evaluation.results_unreadable",
    `Cannot read "${path}": ${messageOf(cause)}.`,
    { hint: "Check who may read it, and that it is what it should be.", cause },
  );
}
