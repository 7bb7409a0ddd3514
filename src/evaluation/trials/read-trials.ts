import { type Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { trialOfHarbor } from "./harbor-result.ts";
import { type ExcludedTask, readResult } from "./result-file.ts";
import { checkTrials } from "./trial-set.ts";
import type { Artefact, Trial } from "./trial.ts";

/** The trials of a folder. */
export interface TrialFolder {
  readonly trials: readonly Trial[];
  /** Where each trial's files are, by its id; relative to the folder. */
  readonly places: ReadonlyMap<string, string>;
  /** What was there and is no trial. */
  readonly notices: readonly string[];
}

/** Jobs hold trials; a folder of jobs is the deepest that is looked into. */
const deepest = 4;
const largestBytes = 64 * 1024 * 1024;
/** The folder of a job in which its tasks were tried before its trials. */
export const gateName = "gate";

/** What Harbor leaves in a trial's folder. */
const usualArtefacts: readonly Artefact[] = [
  { name: "trajectory", path: "agent/trajectory.json", contentType: "application/json" },
  { name: "ctrf", path: "verifier/ctrf.json", contentType: "application/json" },
  { name: "verifier output", path: "verifier/test-stdout.txt", contentType: "text/plain" },
  { name: "verifier errors", path: "verifier/test-stderr.txt", contentType: "text/plain" },
  { name: "log", path: "trial.log", contentType: "text/plain" },
  { name: "exception", path: "exception.txt", contentType: "text/plain" },
];

/**
 * Reads all trials below a folder: one trial, a job or many jobs, of this program or of Harbor.
 * Links are not followed.
 * @throws Agent33Error `evaluation.results_not_found`, `evaluation.results_unreadable`,
 * `evaluation.result_malformed`, `evaluation.reward_not_a_number`, `evaluation.duplicate_trial`,
 * `evaluation.task_digests_differ`
 */
export async function readTrials(folder: string): Promise<TrialFolder> {
  const found: { readonly trial: Trial; readonly place: string }[] = [];
  const unfinished: string[] = [];
  const excluded = new Map<string, string>();
  await walk(folder, 0);
  if (found.length === 0) throw nothingFound(folder, unfinished.length);
  found.sort((a, b) => (a.place < b.place ? -1 : 1));
  const trials = found.map(({ trial }) => trial);
  checkTrials(trials);
  return {
    trials,
    places: new Map(found.map(({ trial, place }) => [trial.id, place])),
    notices: [
      ...[...excluded].map(([task, reason]) => `The task "${task}" is in no score: ${reason}`),
      ...(unfinished.length === 0
        ? []
        : [
            `${unfinished.length} trials were begun and have no result.json; they are not counted: ${unfinished.toSorted().slice(0, 5).join(", ")}.`,
          ]),
    ],
  };

  async function walk(dir: string, depth: number): Promise<void> {
    const entries = await entriesOf(dir, depth === 0);
    const names = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const place = relative(folder, dir);
    if (names.has("result.json")) {
      const content = await resultIn(dir, place);
      if (content.trial !== undefined) {
        found.push({ trial: content.trial, place });
        return;
      }
      for (const { task, reason } of content.excluded) excluded.set(task, reason);
    } else if (names.has("config.json") && names.has("trial.log")) {
      unfinished.push(place);
      return;
    }
    if (depth === deepest) return;
    for (const entry of entries) {
      // What a job tried its tasks with before it began is no trial of it.
      if (entry.name === gateName && names.has("lock.json")) continue;
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) await walk(join(dir, entry.name), depth + 1);
    }
  }
}

async function entriesOf(dir: string, first: boolean): Promise<readonly Dirent[]> {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (cause) {
    if (first && systemCodeOf(cause) === "ENOENT") {
      throw new Agent33Error("evaluation.results_not_found", `There is no folder "${dir}".`, {
        hint: "Give a folder of trials, such as jobs/NAME.",
      });
    }
    throw unreadable(dir, cause);
  }
}

/** No trial where the file is a job's own. */
async function resultIn(
  dir: string,
  place: string,
): Promise<{ readonly trial?: Trial; readonly excluded: readonly ExcludedTask[] }> {
  const path = join(dir, "result.json");
  const shown = join(place, "result.json");
  const content = readResult(await textOf(path), shown);
  if (content.kind === "job") return content;
  if (content.kind === "own") return { trial: content.trial, excluded: [] };
  return { trial: trialOfHarbor(content.result, await artefactsIn(dir)), excluded: [] };
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > largestBytes) throw new RangeError(`it has ${size} bytes`);
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function artefactsIn(dir: string): Promise<readonly Artefact[]> {
  const there: Artefact[] = [];
  for (const artefact of usualArtefacts) {
    const found = await stat(join(dir, artefact.path)).catch((cause: unknown) => {
      if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause) ?? "")) return undefined;
      throw unreadable(join(dir, artefact.path), cause);
    });
    if (found?.isFile() === true) there.push(artefact);
  }
  return there;
}

function unreadable(path: string, cause: unknown): Agent33Error {
  return new Agent33Error(
    "evaluation.results_unreadable",
    `Cannot read "${path}": ${messageOf(cause)}.`,
    { hint: "Check who may read it, and that it is what it should be.", cause },
  );
}

function nothingFound(folder: string, unfinished: number): Agent33Error {
  return new Agent33Error(
    "evaluation.results_not_found",
    unfinished === 0
      ? `No folder below "${folder}" has a trial's result.json.`
      : `None of the ${unfinished} trials in "${folder}" has ended.`,
    { hint: "Give a folder of trials, such as jobs/NAME." },
  );
}
