import { join } from "node:path";
import { kindOf, refuseLinkOutside, textOf } from "./file-kinds.ts";
import { instructionMissing, repeatedStep, testsMissing } from "./task-errors.ts";
import type { TaskFile } from "./task-schema.ts";
import type { Task, TaskSolution, TaskStep, TaskVerifier } from "./task.ts";

/** Harbor's own limit where a task sets none. */
const defaultVerifierTimeoutSec = 600;

/** What the steps of a task are made from. */
export interface StepParts {
  readonly dir: string;
  readonly file: TaskFile;
  /** What the whole task's agent is told; a task of several steps tells it step by step. */
  readonly instruction: string | undefined;
  /** The file that holds the instruction of a task that is one step. */
  readonly instructionFile: string;
  readonly verifierDir: string;
  readonly verifierAt: TaskVerifier["at"];
  readonly solutionDir: string;
  readonly solutionAt: TaskSolution["at"];
}

/**
 * The steps of a task: those that it names, each with a folder of its own below `steps/`, or the
 * task as one.
 * @throws Agent33Error `evaluation.instruction_missing`, `evaluation.tests_missing`,
 * `evaluation.task_malformed`, `evaluation.task_unreadable`
 */
export async function loadSteps(parts: StepParts): Promise<Task["steps"]> {
  const [first, ...more] = parts.file.steps ?? [];
  if (first === undefined) return [await wholeTask(parts)];
  const names = [first, ...more].map((step) => step.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw repeatedStep(parts.dir, twice);
  await refuseLinkOutside(parts.dir, join(parts.dir, "steps"));
  return [
    await oneStep(parts, first),
    ...(await Promise.all(more.map((step) => oneStep(parts, step)))),
  ];
}

async function wholeTask(parts: StepParts): Promise<TaskStep> {
  const { dir, file, verifierDir } = parts;
  const instruction = toldText(parts.instruction);
  if (instruction === undefined) {
    throw instructionMissing(dir, parts.instructionFile, parts.instruction !== undefined);
  }
  if (!(await isFile(verifierDir, "test.sh")))
    throw testsMissing(dir, join(verifierDir, "test.sh"));
  return {
    name: undefined,
    instruction,
    agentTimeoutMs: milliseconds(file.agent?.timeout_sec),
    verifier: {
      dirs: [verifierDir],
      at: parts.verifierAt,
      timeoutMs: milliseconds(file.verifier?.timeout_sec ?? defaultVerifierTimeoutSec),
      env: file.verifier?.env ?? {},
    },
    solution: await solutionIn(parts.solutionDir, parts),
    setupDir: undefined,
    minReward: undefined,
  };
}

async function oneStep(
  parts: StepParts,
  step: NonNullable<TaskFile["steps"]>[number],
): Promise<TaskStep> {
  const { dir, file, verifierDir } = parts;
  const home = join(dir, "steps", step.name);
  await refuseLinkOutside(dir, home);
  const path = join(home, "instruction.md");
  const folders = ["tests", "verifier", "solution", "oracle", "workdir"].map((name) =>
    join(home, name),
  );
  for (const each of [path, ...folders]) await refuseLinkOutside(dir, each);
  const text = await textOf(path);
  const instruction = toldText(text);
  if (instruction === undefined) throw instructionMissing(dir, path, text !== undefined);
  const own = await firstFolder(home, ["tests", "verifier"]);
  const shared = (await kindOf(verifierDir)) === "folder" ? verifierDir : undefined;
  const [least, ...others] = [shared, own].filter((one) => one !== undefined);
  const isJudged = own !== undefined && (await isFile(own, "test.sh"));
  if (least === undefined || !(isJudged || (await isFile(least, "test.sh")))) {
    throw testsMissing(dir, join(home, "tests", "test.sh"));
  }
  const solutionDir = await firstFolder(home, ["solution", "oracle"]);
  const setupDir = join(home, "workdir");
  const { min_reward: minimum } = step;
  return {
    name: step.name,
    instruction,
    agentTimeoutMs: milliseconds(step.agent?.timeout_sec ?? file.agent?.timeout_sec),
    verifier: {
      dirs: [least, ...others],
      at: parts.verifierAt,
      timeoutMs: milliseconds(
        step.verifier?.timeout_sec ?? file.verifier?.timeout_sec ?? defaultVerifierTimeoutSec,
      ),
      env: { ...file.verifier?.env, ...step.verifier?.env },
    },
    solution: await solutionIn(solutionDir ?? parts.solutionDir, parts),
    setupDir: (await kindOf(setupDir)) === "folder" ? setupDir : undefined,
    minReward: typeof minimum === "number" ? { reward: minimum } : minimum,
  };
}

async function solutionIn(
  dir: string,
  { file, solutionAt }: StepParts,
): Promise<TaskSolution | undefined> {
  if (!(await isFile(dir, "solve.sh"))) return undefined;
  return { dir, at: solutionAt, env: file.solution?.env ?? {} };
}

async function firstFolder(home: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = join(home, name);
    if ((await kindOf(path)) === "folder") return path;
  }
  return undefined;
}

async function isFile(dir: string, name: string): Promise<boolean> {
  return (await kindOf(join(dir, name))) === "file";
}

/** A line that marks a text as part of a benchmark, for those who collect training data. */
const canary = /^(?:<!--.*canary.*-->|#.*canary.*)$/i;

/** What the agent is told: without marks at its beginning; undefined where nothing is left. */
function toldText(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const lines = text.split("\n");
  const begins = lines.findIndex((line) => !canary.test(line.trim()));
  if (begins === 0) return text;
  const told =
    begins < 0
      ? ""
      : lines
          .slice(begins)
          .join("\n")
          .replace(/^\s*\n/, "");
  return told.trim() === "" ? undefined : told;
}

/** Seconds of a task as milliseconds. */
export function milliseconds(sec: number): number;
export function milliseconds(sec: number | undefined): number | undefined;
export function milliseconds(sec: number | undefined): number | undefined {
  return sec === undefined ? undefined : Math.round(sec * 1_000);
}
