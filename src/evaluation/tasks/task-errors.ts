import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import { nearestName } from "../../base/nearest.ts";

/** The errors of loading a task, each with what to do about it. */

export async function taskNotFound(dir: string): Promise<Agent33Error> {
  const siblings = await folderNames(dirname(dir));
  const nearest = nearestName(basename(dir), siblings);
  return new Agent33Error("evaluation.task_not_found", `There is no task folder "${dir}".`, {
    hint:
      nearest === undefined
        ? "Give the path of a folder that holds task.toml, instruction.md and tests/."
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
  return new Agent33Error("evaluation.task_not_found", `"${dir}" holds no task.toml.`, {
    hint: "Give the folder of one task, not the folder of a task set.",
  });
}

export function newerLayout(dir: string): Agent33Error {
  return new Agent33Error(
    "evaluation.layout_unsupported",
    `"${dir}" is written in the task.md layout, which is not supported yet.`,
    { hint: "Use the task's task.toml layout (task.toml, instruction.md, tests/test.sh)." },
  );
}

export function stepsUnsupported(dir: string): Agent33Error {
  return new Agent33Error(
    "evaluation.layout_unsupported",
    `The task "${dir}" has several steps ([[steps]] in task.toml), which is not supported yet.`,
    { hint: "Use a task with one instruction and one verifier." },
  );
}

export function instructionMissing(dir: string, isEmpty: boolean): Agent33Error {
  return new Agent33Error(
    "evaluation.instruction_missing",
    isEmpty
      ? `The instruction.md of the task "${dir}" is empty.`
      : `The task "${dir}" has no instruction.md.`,
    { hint: "Write into instruction.md what the agent is to do." },
  );
}

export function testsMissing(dir: string): Agent33Error {
  return new Agent33Error(
    "evaluation.tests_missing",
    `The task "${dir}" has no tests/test.sh, so nothing could verify a run.`,
    { hint: "Write tests/test.sh; it leaves its verdict in reward.txt in the logs folder." },
  );
}

export function pathOutside(key: string, named: string, dir: string): Agent33Error {
  return new Agent33Error(
    "evaluation.task_malformed",
    `task.toml: ${key}: "${named}" lies outside the task's folder "${dir}".`,
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
  return new Agent33Error("evaluation.task_malformed", `task.toml: ${key}: "${path}" is missing.`, {
    hint: "Create it, or take the key out.",
  });
}
