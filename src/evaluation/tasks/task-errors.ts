import { readdir } from "node:fs/promises";
import { basename, dirname, relative } from "node:path";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import { nearestName } from "../../base/nearest.ts";

/** The errors of loading a task, each with what to do about it. */

export async function taskNotFound(dir: string): Promise<Agent33Error> {
  const siblings = await folderNames(dirname(dir));
  const nearest = nearestName(basename(dir), siblings);
  return new Agent33Error("evaluation.task_not_found", `There is no task folder "${dir}".`, {
    hint:
      nearest === undefined
        ? "Give the path of a folder that holds task.md, or task.toml and instruction.md."
        : `Did you mean "${nearest}"?`,
  });
}

/** For a hint only: a folder that cannot be listed suggests nothing. */
async function folderNames(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

export function notAFolder(path: string): Agent33Error {
  return new Agent33Error("evaluation.task_unreadable", `"${path}" is not a folder.`, {
    hint: "Give the task's folder, not a file in it.",
  });
}

export function unreadable(path: string, cause: unknown): Agent33Error {
  return new Agent33Error(
    "evaluation.task_unreadable",
    `Cannot read "${path}": ${messageOf(cause)}.`,
    { hint: "Check who may read the task's files.", cause },
  );
}

export function notATask(dir: string): Agent33Error {
  return new Agent33Error(
    "evaluation.task_not_found",
    `"${dir}" holds no task.md and no task.toml.`,
    {
      hint: "Give the folder of one task; a folder of tasks is for `agent33 eval run`.",
    },
  );
}

/** A task that is well written, for machinery that is not here. */
export function notOfThisKind(what: string, hint: string): Agent33Error {
  return new Agent33Error("evaluation.layout_unsupported", what, { hint });
}

export function repeatedStep(dir: string, name: string): Agent33Error {
  return new Agent33Error(
    "evaluation.task_malformed",
    `The task "${dir}" has two steps that are called "${name}".`,
    { hint: "Give each step a name and a folder of its own." },
  );
}

export function instructionMissing(dir: string, path: string, isEmpty: boolean): Agent33Error {
  const file = relative(dir, path);
  return new Agent33Error(
    "evaluation.instruction_missing",
    isEmpty
      ? `The ${file} of the task "${dir}" tells nothing.`
      : `The task "${dir}" has no ${file}.`,
    { hint: "Write there what the agent is to do." },
  );
}

export function testsMissing(dir: string, path: string): Agent33Error {
  return new Agent33Error(
    "evaluation.tests_missing",
    `The task "${dir}" has no ${relative(dir, path)}, so nothing could verify a run.`,
    { hint: "Write this script; it leaves its verdict in reward.txt in the logs folder." },
  );
}

export function pathOutside(key: string, named: string, dir: string): Agent33Error {
  return new Agent33Error(
    "evaluation.task_malformed",
    `The settings of the task: ${key}: "${named}" lies outside the task's folder "${dir}".`,
    { hint: "Name a path inside the task's folder." },
  );
}

/** A link that leads out of the task would show the agent, or us, somebody else's file. */
export function linkOutside(path: string, dir: string): Agent33Error {
  return new Agent33Error(
    "evaluation.task_unreadable",
    `"${path}" is a link that leads out of the task's folder "${dir}".`,
    { hint: "Put the file itself into the task." },
  );
}

export function environmentNotAFolder(path: string): Agent33Error {
  return new Agent33Error("evaluation.task_unreadable", `"${path}" is not a folder.`, {
    hint: "Make environment/ a folder, or take it out.",
  });
}

export function pathMissing(key: string, path: string): Agent33Error {
  return new Agent33Error(
    "evaluation.task_malformed",
    `The settings of the task: ${key}: "${path}" is missing.`,
    {
      hint: "Create it, or take the key out.",
    },
  );
}
