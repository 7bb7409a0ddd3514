import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, posix, resolve } from "node:path";
import { Agent33Error, systemCodeOf } from "../../base/errors.ts";
import {
  contextPath,
  type DockerfilePlan,
  type PlannedCopy,
  planDockerfile,
} from "./dockerfile-plan.ts";
import { copyTree, type SourceGuard, sourceGuard } from "./copy-tree.ts";
import { isWithin } from "../paths.ts";
import type { Task } from "../tasks/task.ts";

/** A task's workspace on this machine, without a container. */
export interface HostWorkspace {
  readonly dir: string;
  /** The folder of the image that the workspace stands for. */
  readonly workdir: string;
  /** From the Dockerfile's ENV and the task's `[environment.env]`. */
  readonly env: Readonly<Record<string, string>>;
  /** What a container would have that the workspace has not. */
  readonly notices: readonly string[];
}

/**
 * Makes a task's workspace by doing what its Dockerfile says about files: WORKDIR, COPY, ADD and
 * ENV. Nothing is installed and nothing runs; what is left out stands in `notices`. Copies into
 * the image's WORKDIR go to the workspace, others are left out. The task's skills are never
 * copied, because the engine offers them itself. A task without Dockerfile gets the files of its
 * `environment/` folder.
 * @param dir is made if it is missing, and must be empty
 * @throws Agent33Error `evaluation.workspace_not_empty`, `evaluation.dockerfile_malformed`,
 * `evaluation.dockerfile_unsupported`, `evaluation.source_missing`, `evaluation.path_escape`,
 * `evaluation.task_unreadable`
 */
export async function prepareHostWorkspace(task: Task, dir: string): Promise<HostWorkspace> {
  const workspace = resolve(dir);
  await claimEmptyFolder(workspace);
  const { environment } = task;
  const notices: string[] = [];
  for (const name of ["docker-compose.yaml", "docker-compose.yml"]) {
    if (await exists(join(environment.dir, name))) {
      notices.push(`environment/${name}: its services are not started`);
    }
  }
  if (environment.dockerfile === undefined) {
    if (environment.dockerImage !== undefined) {
      notices.push(`runs on this machine, not in the image "${environment.dockerImage}"`);
    }
    await copyPlainEnvironment(task, workspace);
    return { dir: workspace, workdir: environment.workdir ?? "/", env: environment.env, notices };
  }
  const text = await readFile(environment.dockerfile, "utf8");
  const plan = planDockerfile(text, environment.dockerfile);
  notices.push(...plan.notices);
  if (await exists(join(environment.dir, ".dockerignore"))) {
    notices.push("environment/.dockerignore: not applied");
  }
  const workdir = environment.workdir ?? plan.workdir;
  await carryOut({ ...plan, workdir }, task, workspace, notices);
  return { dir: workspace, workdir, env: { ...plan.env, ...environment.env }, notices };
}

async function copyPlainEnvironment(task: Task, workspace: string): Promise<void> {
  const { dir } = task.environment;
  if (!(await exists(dir))) return;
  const guard = await sourceGuard(dir, leftOut(task));
  await copyTree(dir, workspace, guard, undefined);
}

/** A skill must come through the engine: a copy in the workspace would be seen in every trial. */
function leftOut(task: Task): (path: string) => boolean {
  const { skillsDir } = task;
  return (path) => skillsDir !== undefined && isWithin(skillsDir, path);
}

async function carryOut(
  plan: DockerfilePlan,
  task: Task,
  workspace: string,
  notices: string[],
): Promise<void> {
  const guard = await sourceGuard(task.environment.dir, leftOut(task));
  for (const step of plan.copies) {
    const at = `Dockerfile, line ${step.line}: ${step.keyword}`;
    const inside = posix.relative(plan.workdir, step.target);
    if (inside === ".." || inside.startsWith("../")) {
      notices.push(`${at} to ${step.target} lies outside ${plan.workdir} and is left out`);
      continue;
    }
    for (const source of step.sources) {
      const from = sourcePath(source, step, task);
      if (leftOut(task)(from)) {
        notices.push(`${at} ${source}: skills are offered by the engine and not copied`);
      } else {
        await copyOne(from, source, step, join(workspace, inside), guard);
      }
    }
  }
}

function sourcePath(source: string, step: PlannedCopy, task: Task): string {
  const root = task.environment.dir;
  const path = contextPath(root, source);
  if (isWithin(root, path)) return path;
  throw new Agent33Error(
    "evaluation.path_escape",
    `Dockerfile, line ${step.line}: "${source}" lies outside the task's environment folder.`,
    { hint: "Copy only what is in environment/." },
  );
}

async function copyOne(
  from: string,
  source: string,
  step: PlannedCopy,
  target: string,
  guard: SourceGuard,
): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(from)).isDirectory();
  } catch (cause) {
    if (systemCodeOf(cause) !== "ENOENT") throw cause;
    throw new Agent33Error(
      "evaluation.source_missing",
      `Dockerfile, line ${step.line}: there is no "${source}" in the task's environment folder.`,
      { hint: "Add the file or correct the line.", cause },
    );
  }
  const meansFolder = step.target.endsWith("/") || (await isExistingFolder(target));
  // A folder's content is copied, a file goes under its own name into a folder.
  const to = !isFolder && meansFolder ? join(target, basename(from)) : target;
  await mkdir(isFolder ? to : dirname(to), { recursive: true });
  await copyTree(from, to, guard, step.mode);
}

async function isExistingFolder(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory();
}

async function claimEmptyFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  if ((await readdir(dir)).length === 0) return;
  throw new Agent33Error(
    "evaluation.workspace_not_empty",
    `The folder "${dir}" for the workspace is not empty.`,
    { hint: "Give a new or empty folder: files of an earlier run would change the result." },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return false;
    throw cause;
  }
}
