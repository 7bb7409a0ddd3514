import { basename, join, resolve } from "node:path";
import { toAgent33Error } from "../../base/errors.ts";
import { type JsonObject, toJsonValue } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { inside, kindOf, refuseLinkOutside, textOf } from "./file-kinds.ts";
import { loadSteps, milliseconds, type StepParts } from "./load-steps.ts";
import { readTaskConfig, type TaskConfig } from "./task-config.ts";
import { checkVerifierDocument, readTaskDocument } from "./task-document.ts";
import {
  environmentNotAFolder,
  notAFolder,
  notATask,
  notOfThisKind,
  pathMissing,
  taskNotFound,
} from "./task-errors.ts";
import type { Task } from "./task.ts";

/** Harbor's own limit where a task sets none. */
const defaultBuildTimeoutSec = 600;

/**
 * Loads a task from its folder, in one of two layouts: `task.md` with `environment/`, `verifier/`
 * and, where the author ships one, `oracle/`; or Harbor's `task.toml` and `instruction.md` with
 * `environment/`, `tests/` and `solution/`. Where both are there, `task.md` counts.
 * @throws Agent33Error `evaluation.task_not_found`, `evaluation.task_unreadable`,
 * `evaluation.task_malformed`, `evaluation.instruction_missing`, `evaluation.tests_missing`,
 * `evaluation.layout_unsupported`
 */
export async function loadTask(path: string): Promise<Task> {
  const dir = resolve(path);
  const kind = await kindOf(dir);
  if (kind === "missing") throw await taskNotFound(dir);
  if (kind !== "folder") throw notAFolder(dir);
  const told = (await inDocument(dir)) ?? (await inToml(dir));
  if (told === undefined) throw notATask(dir);
  for (const each of [told.parts.verifierDir, told.parts.solutionDir, join(dir, "environment")]) {
    await refuseLinkOutside(dir, each);
  }
  refuseOtherKinds(dir, told.config);
  return assemble(told.parts, told.config, told.notices);
}

/** Like {@link loadTask}, with failure as data. */
export async function tryLoadTask(path: string): Promise<Result<Task>> {
  try {
    return ok(await loadTask(path));
  } catch (error) {
    return err(toAgent33Error(error));
  }
}

/** A task as one of the layouts has it. */
interface Told {
  readonly config: TaskConfig;
  readonly parts: StepParts;
  readonly notices: readonly string[];
}

async function inDocument(dir: string): Promise<Told | undefined> {
  const path = join(dir, "task.md");
  await refuseLinkOutside(dir, path);
  const text = await textOf(path);
  if (text === undefined) return undefined;
  const { config, instruction, ...named } = readTaskDocument(text, path);
  const [verifierDir, ofToml] =
    named.verifierPath === undefined
      ? await eitherFolder(dir, "verifier", "tests")
      : ([inside(dir, named.verifierPath, "verifier"), false] as const);
  const [solutionDir, solutionOfToml] =
    named.solutionPath === undefined
      ? await eitherFolder(dir, "oracle", "solution")
      : ([inside(dir, named.solutionPath, "oracle"), false] as const);
  const strategies = join(verifierDir, "verifier.md");
  await refuseLinkOutside(dir, strategies);
  const judged = await textOf(strategies);
  if (judged !== undefined) checkVerifierDocument(judged, strategies);
  const both = (await kindOf(join(dir, "task.toml"))) === "file";
  return {
    config,
    parts: {
      dir,
      file: config.file,
      instruction,
      instructionFile: path,
      verifierDir,
      verifierAt: ofToml ? "/tests" : "/verifier",
      solutionDir,
      solutionAt: solutionOfToml ? "/solution" : "/oracle",
    },
    notices: both ? ["task.toml: not read; this folder is used in its task.md layout"] : [],
  };
}

/** The folder of the newer layout, or that of the older one where only that is there. */
async function eitherFolder(
  dir: string,
  newer: string,
  older: string,
): Promise<readonly [path: string, isOlder: boolean]> {
  const isThere = async (name: string) => (await kindOf(join(dir, name))) === "folder";
  const isOlder = !(await isThere(newer)) && (await isThere(older));
  return [join(dir, isOlder ? older : newer), isOlder];
}

async function inToml(dir: string): Promise<Told | undefined> {
  const path = join(dir, "task.toml");
  await refuseLinkOutside(dir, path);
  const text = await textOf(path);
  if (text === undefined) return undefined;
  const config = readTaskConfig(text, path);
  const instructionFile = join(dir, "instruction.md");
  await refuseLinkOutside(dir, instructionFile);
  return {
    config,
    parts: {
      dir,
      file: config.file,
      instruction: await textOf(instructionFile),
      instructionFile,
      verifierDir: join(dir, "tests"),
      verifierAt: "/tests",
      solutionDir: join(dir, "solution"),
      solutionAt: "/solution",
    },
    notices: [],
  };
}

/** What no environment here can be, and judges that are no script. */
function refuseOtherKinds(dir: string, { file }: TaskConfig): void {
  const system = file.environment?.os?.toLowerCase() ?? "linux";
  if (system !== "linux") {
    throw notOfThisKind(
      `The task "${dir}" wants an environment of ${system}, and only Linux is there.`,
      "Take another task.",
    );
  }
  const judge = file.verifier?.type ?? "test-script";
  if (judge === "test-script") return;
  throw notOfThisKind(
    `The task "${dir}" is judged by "${judge}", and only tests in a script are understood.`,
    "Write a test.sh that judges and leaves its verdict in reward.txt, or take another task.",
  );
}

async function assemble(
  parts: StepParts,
  { file, agent33, servers, memoryMb, storageMb, raw, notices }: TaskConfig,
  ofLayout: readonly string[],
): Promise<Task> {
  const { dir } = parts;
  const environment = file.environment ?? {};
  const environmentDir = join(dir, "environment");
  const environmentKind = await kindOf(environmentDir);
  if (environmentKind === "file" || environmentKind === "other") {
    throw environmentNotAFolder(environmentDir);
  }
  const { author_name: authorName, difficulty, category, tags } = file.metadata ?? {};
  // What is said of the agent alone stands above what is said of everything; `allow_internet` is
  // the oldest word, and without any a task has the internet.
  const network =
    file.agent?.network_mode ??
    environment.network_mode ??
    (environment.allow_internet === false ? "no-network" : "public");
  return {
    name: basename(dir),
    dir,
    formatVersion: file.version ?? file.schema_version,
    metadata: {
      authorName: textOrNothing(authorName),
      difficulty: textOrNothing(difficulty),
      category: textOrNothing(category),
      tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [],
    },
    environment: {
      dir: environmentDir,
      dockerfile: await firstFile(environmentDir, ["Dockerfile"]),
      composeFile: await firstFile(environmentDir, composeNames),
      dockerImage: environment.docker_image ?? environment.image,
      workdir: environment.workdir,
      buildTimeoutMs: milliseconds(environment.build_timeout_sec ?? defaultBuildTimeoutSec),
      cpus: environment.cpus,
      memoryMb,
      storageMb,
      network,
      allowedHosts: file.agent?.allowed_hosts ?? environment.allowed_hosts ?? [],
      env: environment.env ?? {},
      mcpServers: servers,
    },
    steps: await loadSteps(parts),
    stepReward: file.multi_step_reward_strategy ?? "mean",
    skillsDir: await skillsFolder(dir, agent33?.skills),
    check: agent33?.check,
    scriptPath: await scriptFile(dir, agent33?.script),
    toolNotes: agent33?.tools ?? {},
    source: toJsonValue(raw) as JsonObject,
    notices: [
      ...notices,
      ...ofLayout,
      ...(environmentKind === "missing"
        ? ["environment/: missing, the workspace starts empty"]
        : []),
      ...nameNotice(dir, file.task?.name),
    ],
  };
}

const composeNames = ["docker-compose.yaml", "docker-compose.yml", "compose.yaml", "compose.yml"];

/** Results are filed under the folder's name, which is unique in a set of tasks. */
function nameNotice(dir: string, named: string | undefined): string[] {
  const short = named?.split("/").at(-1);
  if (short === undefined || short === basename(dir)) return [];
  return [`the task calls itself "${named}"; here it goes by its folder's name`];
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

async function firstFile(dir: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = join(dir, name);
    if ((await kindOf(path)) === "file") return path;
  }
  return undefined;
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
