import { readFile, realpath, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { type JsonObject, toJsonValue } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { systemCodeOf, toAgent33Error } from "../../base/errors.ts";
import { isBelow } from "../paths.ts";
import { readTaskConfig, type TaskConfig } from "./task-config.ts";
import {
  environmentNotAFolder,
  instructionMissing,
  linkOutside,
  newerLayout,
  notAFolder,
  notATask,
  pathOutside,
  pathMissing,
  stepsUnsupported,
  taskNotFound,
  testsMissing,
  unreadable,
} from "./task-errors.ts";
import type { Task } from "./task.ts";
import { snapshotFolder } from "../workspaces/workspace-changes.ts";

/** Harbor's own limit where a task sets none. */
const defaultVerifierTimeoutSec = 600;
const defaultBuildTimeoutSec = 600;

/**
 * Loads a task from a folder in Harbor's layout: `task.toml`, `instruction.md`, `environment/`,
 * `tests/test.sh` and, where the author ships one, `solution/solve.sh`.
 * @throws Agent33Error `evaluation.task_not_found`, `evaluation.task_unreadable`,
 * `evaluation.task_malformed`, `evaluation.instruction_missing`, `evaluation.tests_missing`,
 * `evaluation.layout_unsupported`
 */
export async function loadTask(path: string): Promise<Task> {
  const dir = resolve(path);
  const kind = await kindOf(dir);
  if (kind === "missing") throw await taskNotFound(dir);
  if (kind !== "folder") throw notAFolder(dir);

  const configPath = join(dir, "task.toml");
  const newer = (await kindOf(join(dir, "task.md"))) === "file";
  const text = await textOf(configPath);
  if (text === undefined) throw newer ? newerLayout(dir) : notATask(dir);
  const config = readTaskConfig(text, configPath);
  if (config.file.steps !== undefined && config.file.steps.length > 0) throw stepsUnsupported(dir);

  for (const name of ["task.toml", "instruction.md", "tests", "environment"]) {
    await refuseLinkOutside(dir, join(dir, name));
  }
  const instruction = await textOf(join(dir, "instruction.md"));
  if (instruction === undefined || instruction.trim() === "") {
    throw instructionMissing(dir, instruction !== undefined);
  }
  const testsDir = join(dir, "tests");
  if ((await kindOf(join(testsDir, "test.sh"))) !== "file") throw testsMissing(dir);

  const notices = [...config.notices];
  if (newer) notices.push("task.md: not read; this folder is used in its task.toml layout");
  return assemble(dir, instruction, config, notices);
}

/** Like {@link loadTask}, with failure as data. */
export async function tryLoadTask(path: string): Promise<Result<Task>> {
  try {
    return ok(await loadTask(path));
  } catch (error) {
    return err(toAgent33Error(error));
  }
}

/**
 * SHA-256 over every file of a task: results of two runs compare only if it is the same. Reads the
 * whole folder.
 */
export async function taskDigest(task: Task): Promise<string> {
  const files = await snapshotFolder(task.dir);
  return digestOf([...files].map(([path, state]) => [path, state.sha256]));
}

async function assemble(
  dir: string,
  instruction: string,
  { file, agent33, servers, memoryMb, storageMb, raw }: TaskConfig,
  notices: string[],
): Promise<Task> {
  const environment = file.environment ?? {};
  const agentTimeoutSec = file.agent?.timeout_sec;
  const environmentDir = join(dir, "environment");
  const dockerfile = join(environmentDir, "Dockerfile");
  const solutionDir = join(dir, "solution");
  const environmentKind = await kindOf(environmentDir);
  if (environmentKind === "file" || environmentKind === "other") {
    throw environmentNotAFolder(environmentDir);
  }
  if (environmentKind === "missing") {
    notices.push("environment/: missing, the workspace starts empty");
  }
  const { author_name: authorName, difficulty, category, tags } = file.metadata ?? {};
  const agentTimeoutMs = agentTimeoutSec === undefined ? undefined : milliseconds(agentTimeoutSec);
  const verifier = {
    dir: join(dir, "tests"),
    timeoutMs: milliseconds(file.verifier?.timeout_sec ?? defaultVerifierTimeoutSec),
    env: file.verifier?.env ?? {},
  };
  const solution =
    (await kindOf(join(solutionDir, "solve.sh"))) === "file"
      ? { dir: solutionDir, env: file.solution?.env ?? {} }
      : undefined;
  return {
    name: basename(dir),
    dir,
    instruction,
    formatVersion: file.version ?? file.schema_version,
    metadata: {
      authorName: textOrNothing(authorName),
      difficulty: textOrNothing(difficulty),
      category: textOrNothing(category),
      tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [],
    },
    agentTimeoutMs,
    verifier,
    solution,
    environment: {
      dir: environmentDir,
      dockerfile: (await kindOf(dockerfile)) === "file" ? dockerfile : undefined,
      dockerImage: environment.docker_image ?? environment.image,
      workdir: environment.workdir,
      buildTimeoutMs: milliseconds(environment.build_timeout_sec ?? defaultBuildTimeoutSec),
      cpus: environment.cpus,
      memoryMb,
      storageMb,
      // `allow_internet` is the older key; without either a task has the internet.
      network:
        environment.network_mode ??
        (environment.allow_internet === false ? "no-network" : "public"),
      allowedHosts: environment.allowed_hosts ?? [],
      env: environment.env ?? {},
      mcpServers: servers,
    },
    steps: [
      { name: undefined, instruction, agentTimeoutMs, verifier, solution, minReward: undefined },
    ],
    stepReward: "mean",
    skillsDir: await skillsFolder(dir, agent33?.skills),
    check: agent33?.check,
    scriptPath: await scriptFile(dir, agent33?.script),
    toolNotes: agent33?.tools ?? {},
    source: toJsonValue(raw) as JsonObject,
    notices,
  };
}

async function skillsFolder(dir: string, named: string | undefined): Promise<string | undefined> {
  if (named === undefined) {
    const usual = join(dir, "environment", "skills");
    return (await kindOf(usual)) === "folder" ? usual : undefined;
  }
  const path = inside(dir, named, "metadata.agent33.skills");
  await refuseLinkOutside(dir, path);
  if ((await kindOf(path)) !== "folder") throw pathMissing("metadata.agent33.skills", path);
  return path;
}

async function scriptFile(dir: string, named: string | undefined): Promise<string | undefined> {
  if (named === undefined) return undefined;
  const path = inside(dir, named, "metadata.agent33.script");
  await refuseLinkOutside(dir, path);
  if ((await kindOf(path)) !== "file") throw pathMissing("metadata.agent33.script", path);
  return path;
}

function inside(dir: string, named: string, key: string): string {
  const path = resolve(dir, named);
  if (!isBelow(dir, path)) throw pathOutside(key, named, dir);
  return path;
}

/** @throws Agent33Error `evaluation.task_unreadable` when the real file lies outside the task */
async function refuseLinkOutside(dir: string, path: string): Promise<void> {
  if ((await kindOf(path)) === "missing") return;
  const [realDir, realPath] = await Promise.all([realpath(dir), realpath(path)]);
  if (!isBelow(realDir, realPath)) throw linkOutside(path, dir);
}

function milliseconds(sec: number): number {
  return Math.round(sec * 1_000);
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function textOf(path: string): Promise<string | undefined> {
  if ((await kindOf(path)) !== "file") return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

type PathKind = "missing" | "folder" | "file" | "other";

async function kindOf(path: string): Promise<PathKind> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return "folder";
    return found.isFile() ? "file" : "other";
  } catch (cause) {
    if (isAbsent(cause)) return "missing";
    throw unreadable(path, cause);
  }
}

/** Nothing there, or something in its place that cannot have anything below it. */
function isAbsent(cause: unknown): boolean {
  const code = systemCodeOf(cause);
  return code === "ENOENT" || code === "ENOTDIR";
}
