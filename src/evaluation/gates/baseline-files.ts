import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeFolder, putFile } from "../../base/disk.ts";
import { sha256 } from "../../base/digest.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";
import { armSchema } from "./arm.ts";

/** The longest name of a branch. */
const longestBranch = 200;

/** What a branch could do at a time; later jobs are compared with the newest of a branch. */
export const baselineSchema = z.strictObject({
  format: z.literal("agent33-baseline/1"),
  id: z.string().min(1),
  branch: z.string().min(1).max(longestBranch),
  /** Milliseconds since the Unix epoch. */
  savedAt: z.int(),
  commit: z.string().nullable(),
  job: z.strictObject({ id: z.string(), name: z.string() }),
  arms: z.array(armSchema).min(1),
});
export type Baseline = z.infer<typeof baselineSchema>;

/** What gates keep in a folder of jobs. Hidden, so that nobody takes it for a job. */
export const gatesFolder = ".gates";

const foldersOf = (jobsDir: string): string => join(jobsDir, gatesFolder, "baselines");

/** A folder's name for any branch, told apart by a digest. */
function folderOf(jobsDir: string, branch: string): string {
  const plain = branch.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 60);
  return join(foldersOf(jobsDir), `${plain}-${sha256(branch).slice(0, 12)}`);
}

/**
 * Keeps a baseline; earlier ones stay.
 * @throws Agent33Error `evaluation.bad_branch`
 */
export function saveBaseline(jobsDir: string, baseline: Baseline): void {
  checkBranch(baseline.branch);
  const dir = folderOf(jobsDir, baseline.branch);
  makeFolder(dir);
  const name = `${String(baseline.savedAt).padStart(15, "0")}-${baseline.id}.json`;
  putFile(join(dir, name), `${JSON.stringify(baseline, null, 2)}\n`, "new");
}

/**
 * All baselines of a folder of jobs, the oldest of each branch first.
 * @throws Agent33Error `evaluation.baseline_malformed`
 */
export function listBaselines(jobsDir: string): readonly Baseline[] {
  return namesIn(foldersOf(jobsDir)).flatMap((name) => readAll(join(foldersOf(jobsDir), name)));
}

/** All baselines that can be read, the oldest of each branch first, and what is wrong with the others. */
export function surveyBaselines(jobsDir: string): Survey<Baseline> {
  const folders = namesIn(foldersOf(jobsDir)).map((name) => join(foldersOf(jobsDir), name));
  return survey(
    folders.flatMap((dir) => filesIn(dir)),
    readOne,
  );
}

/** What can be read of some files, and what is wrong with the others. */
export interface Survey<T> {
  readonly items: readonly T[];
  readonly damaged: readonly string[];
}

/** Reads files, and goes on after one that cannot be read. */
export function survey<T>(paths: readonly string[], read: (path: string) => T): Survey<T> {
  const damaged: string[] = [];
  const items = paths.flatMap((path) => {
    const tried = attempt(() => read(path));
    if (tried.ok) return [tried.value];
    damaged.push(tried.error.message);
    return [];
  });
  return { items, damaged };
}

/**
 * The newest baseline of a branch, and of no other.
 * @throws Agent33Error `evaluation.unknown_baseline`, `evaluation.baseline_malformed`
 */
export function newestBaseline(jobsDir: string, branch: string): Baseline {
  checkBranch(branch);
  const newest = readAll(folderOf(jobsDir, branch)).at(-1);
  if (newest !== undefined) return newest;
  const branches = [...new Set(listBaselines(jobsDir).map((one) => one.branch))];
  throw new Agent33Error(
    "evaluation.unknown_baseline",
    `There is no baseline of the branch "${branch}" in "${jobsDir}".`,
    {
      hint:
        branches.length === 0
          ? "Keep one by `agent33 gate baseline save JOB`."
          : `There are baselines of: ${branches.slice(0, 20).join(", ")}.`,
    },
  );
}

function checkBranch(branch: string): void {
  if (branch.trim() !== "" && branch.length <= longestBranch) return;
  throw new Agent33Error(
    "evaluation.bad_branch",
    `A branch's name has 1 to ${longestBranch} characters; this has ${branch.trim().length}.`,
    { hint: "Give --branch the name that git has for it, such as main." },
  );
}

function readAll(dir: string): readonly Baseline[] {
  return filesIn(dir).map(readOne);
}

/** The JSON files of a folder, by name; none where it is not there. */
export function filesIn(dir: string): readonly string[] {
  return namesIn(dir)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(dir, name));
}

function readOne(path: string): Baseline {
  try {
    return baselineSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new Agent33Error(
      "evaluation.baseline_malformed",
      `The baseline ${path} cannot be read: ${messageOf(cause)}`,
      {
        hint: "It is written by `agent33 gate baseline save`; take it away and save another.",
        cause,
      },
    );
  }
}

/** The names in a folder, in their order; none where it is not there. */
export function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir).toSorted();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}
