import { existsSync, lstatSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { digestOf } from "../../../base/digest.ts";
import { systemCodeOf } from "../../../base/errors.ts";
import type { HostUser } from "../../../sandbox/host-user.ts";
import { runCommand } from "../../commands/run-command.ts";
import { isWithin } from "../../paths.ts";
import type { Task } from "../../tasks/task.ts";
import { snapshotFolder } from "../../workspaces/workspace-changes.ts";
import { sourceGuard } from "../copy-tree.ts";
import { ignored } from "../dockerfile-plan.ts";
import { imagePath, readRecipe, type RecipeStage } from "../dockerfile-recipe.ts";
import { copyScript, type CopySource, ignoredBy, stageCopy } from "./copy-step.ts";
import { spawnInside, type Starter, taskLimits } from "./inside-process.ts";
import { missingPackages, packageHint } from "./missing-packages.ts";
import { etcNames, home, makeSkeleton } from "./skeleton.ts";
import { copyFolder, missingVariable, standInFolder } from "./stand-ins/places.ts";
import { environmentFailed, type FolderTools, placeInside } from "./tools.ts";

/** What images are made with on this machine. */
export interface ImageParts extends Starter {
  readonly tools: FolderTools;
  readonly cacheDir: string;
  readonly standIns: string;
  /** Over the Debian packages of this machine and the stand-ins. */
  readonly rootDigest: string;
  readonly user: HostUser;
  readonly hostEtc: readonly string[];
}

/** A root folder that trials get copies of. */
export interface Image {
  readonly dir: string;
  readonly digest: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
}

const described = z.object({
  workdir: z.string(),
  env: z.record(z.string(), z.string()),
  notices: z.array(z.string()),
});
/** Changes when images come out differently from the same task. */
const format = 1;
const missingFile = "/run/agent33-missing";

/**
 * The image of a task: taken from the cache, or made and put there. Two processes that make the same
 * one do not disturb each other: each builds aside, and the first puts its own in place.
 * @throws Agent33Error `evaluation.environment_failed`, `evaluation.dockerfile_malformed`, and what
 * copying throws
 */
export async function imageOf(
  task: Task,
  withSkills: boolean,
  parts: ImageParts,
  signal: AbortSignal,
): Promise<Image> {
  const { environment } = task;
  const files = existsSync(environment.dir) ? await snapshotFolder(environment.dir) : new Map();
  const digest = digestOf({
    format,
    root: parts.rootDigest,
    files: [...files].map(([path, state]) => [path, state.sha256]),
    workdir: environment.workdir ?? null,
    image: environment.dockerImage ?? null,
    skills: withSkills ? null : (task.skillsDir ?? null),
    owner: parts.user.owner?.uid ?? null,
  });
  const place = join(parts.cacheDir, "images", digest);
  if (!existsSync(place)) await build(task, withSkills, parts, place, signal);
  const text = await readFile(join(place, "image.json"), "utf8");
  return { dir: join(place, "root"), digest, ...described.parse(JSON.parse(text)) };
}

async function build(
  task: Task,
  withSkills: boolean,
  parts: ImageParts,
  place: string,
  signal: AbortSignal,
): Promise<void> {
  const aside = join(parts.cacheDir, "building");
  await mkdir(aside, { recursive: true, mode: 0o711 });
  await mkdir(dirname(place), { recursive: true, mode: 0o711 });
  const dir = await mkdtemp(join(aside, "image-"));
  try {
    await openToOthers(dir);
    const made = await buildStages(task, withSkills, parts, dir, signal);
    await rename(made.dir, join(dir, "root"));
    const { workdir, env, notices } = made;
    await writeFile(join(dir, "image.json"), JSON.stringify({ workdir, env, notices }));
    await parts.tools.remove(...made.aside.map((name) => join(dir, name)));
    await rename(dir, place);
  } catch (error) {
    await parts.tools.remove(dir);
    const code = systemCodeOf(error);
    const isThere = code === "EEXIST" || code === "ENOTEMPTY";
    // Another process was first, and its image is as good.
    if (!(isThere && existsSync(place))) throw error;
  }
}

/** Another user than root must be able to reach what lies in it. */
export async function openToOthers(dir: string): Promise<void> {
  if (process.getuid?.() === 0) await chmod(dir, 0o711);
}

interface Built {
  readonly dir: string;
  readonly aside: readonly string[];
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
}

async function buildStages(
  task: Task,
  withSkills: boolean,
  parts: ImageParts,
  dir: string,
  signal: AbortSignal,
): Promise<Built> {
  const { environment } = task;
  const notices: string[] = [];
  const stages = await stagesOf(task);
  const needed = neededStages(stages);
  const left = stages.length - needed.size;
  if (left > 0) notices.push(`Dockerfile: ${left} build stage(s) are not needed and not made`);
  const builder = await createBuilder(task, withSkills, parts, dir, notices, signal);
  for (const [index, stage] of stages.entries()) {
    if (needed.has(index)) await builder.make(index, stage, stages);
  }
  const index = stages.length - 1;
  const last = stages[index];
  const workdir = environment.workdir ?? last?.workdir ?? "/";
  await builder.inside(index, ["mkdir", "-p", workdir], "WORKDIR");
  notices.push(...(await missingPackages(join(dir, "missing"))));
  return {
    dir: join(dir, `stage-${index}`),
    aside: [...needed].filter((one) => one !== index).map((one) => `stage-${one}`),
    workdir,
    env: { PATH: imagePath, HOME: home, ...last?.env },
    notices,
  };
}

/** A task without a Dockerfile is one stage that copies the files of its `environment/`. */
async function stagesOf({ environment }: Task): Promise<readonly RecipeStage[]> {
  const { dockerfile, dockerImage = "scratch", workdir = "/" } = environment;
  if (dockerfile !== undefined) return readRecipe(await readFile(dockerfile, "utf8"), dockerfile);
  const text = `FROM ${dockerImage}\nWORKDIR ${workdir}\n`;
  const copy = existsSync(environment.dir) ? "COPY . .\n" : "";
  return readRecipe(text + copy, "environment");
}

/** The last stage, and all that it is built on or copies from. */
function neededStages(stages: readonly RecipeStage[]): ReadonlySet<number> {
  const needed = new Set<number>();
  const take = (index: number): void => {
    const stage = stages[index];
    if (stage === undefined || needed.has(index)) return;
    needed.add(index);
    if (typeof stage.base === "number") take(stage.base);
    for (const step of stage.steps) {
      if (step.kind !== "copy" || step.from === undefined) continue;
      const from = stageNamed(stages, step.from, index);
      if (from !== undefined) take(from);
    }
  };
  take(stages.length - 1);
  return needed;
}

function stageNamed(stages: readonly RecipeStage[], name: string, before: number) {
  const found = stages.findIndex(
    (stage, index) => index < before && stage.names.includes(name.toLowerCase()),
  );
  return found < 0 ? undefined : found;
}

async function createBuilder(
  task: Task,
  withSkills: boolean,
  parts: ImageParts,
  dir: string,
  notices: string[],
  signal: AbortSignal,
) {
  const { environment, skillsDir } = task;
  const { tools, clock, user } = parts;
  const isIgnored = ignoredBy(environment.dir);
  const isSkill = (path: string) =>
    !withSkills && skillsDir !== undefined && isWithin(skillsDir, path);
  const context: CopySource = {
    root: environment.dir,
    guard: existsSync(environment.dir)
      ? await sourceGuard(environment.dir, (path) => isIgnored(path) || isSkill(path))
      : undefined,
  };
  const { storageBytes: _storage, ...limits } = taskLimits(task);
  const timeoutMs = environment.buildTimeoutMs;
  const rootOf = (index: number) => join(dir, `stage-${index}`);
  const missing = join(dir, "missing");

  /** Runs a command in a stage; what it cannot do is no fault of an agent. */
  const inside = async (
    index: number,
    [command, ...args]: readonly [string, ...string[]],
    what: string,
    more: {
      readonly staging?: string;
      readonly cwd?: string;
      readonly env?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<void> => {
    const { staging, cwd = "/", env = {} } = more;
    const shown = [{ from: parts.standIns, path: standInFolder, writable: false }];
    const copied = { from: staging ?? "", path: `${standInFolder}/${copyFolder}`, writable: false };
    const mounts = staging === undefined ? shown : [...shown, copied];
    const spawn = spawnInside(parts, { dir: rootOf(index), mounts, user, limits }, timeoutMs);
    const { PATH = imagePath, ...others } = env;
    const { end, output } = await runCommand({
      command,
      args,
      cwd,
      env: {
        HOME: home,
        ...others,
        PATH: `${standInFolder}/bin:${PATH}`,
        TAR_OPTIONS: "--no-same-owner",
        [missingVariable]: missingFile,
      },
      timeoutMs,
      spawn,
      clock,
      signal,
    });
    await appendMissing(rootOf(index), missing);
    if (end.kind === "cancelled") signal.throwIfAborted();
    if (end.kind === "exited" && end.status.code === 0) return;
    const how = end.kind === "exited" ? `exit code ${end.status.code}` : end.kind;
    const said = output.trim().split("\n").slice(-8).join("\n");
    throw environmentFailed(`${what} failed (${how}): ${said}${await packageHint(missing)}`);
  };

  const make = async (index: number, stage: RecipeStage, stages: readonly RecipeStage[]) => {
    const root = rootOf(index);
    if (typeof stage.base === "number") {
      await tools.copy(rootOf(stage.base), root);
    } else {
      await mkdir(root, { mode: 0o755 });
      await makeSkeleton(root, etcNames(parts.hostEtc), parts.standIns, tools);
      await tools.give(user.owner, root);
      notices.push(
        `Dockerfile: over this machine's Debian packages, not the image "${stage.base}"`,
      );
    }
    for (const step of stage.steps) {
      signal.throwIfAborted();
      const at = `Dockerfile, line ${step.line}`;
      if (step.kind === "workdir") {
        await inside(index, ["mkdir", "-p", step.path], `${at}: WORKDIR`);
      } else if (step.kind === "run") {
        const { workdir: cwd, env } = step;
        await inside(index, step.command, `${at}: RUN`, { cwd, env });
      } else if (step.kind === "copy") {
        const from = step.from === undefined ? undefined : stageNamed(stages, step.from, index);
        if (step.from !== undefined && from === undefined) {
          notices.push(`${at}: ${step.keyword} from the image "${step.from}" is not carried out`);
          continue;
        }
        const source = from === undefined ? context : { root: rootOf(from), guard: undefined };
        if (source.guard === undefined && from === undefined) continue;
        const staging = await mkdtemp(join(dir, "copy-"));
        await openToOthers(staging);
        const staged = await stageCopy(step, source, staging, tools);
        notices.push(...staged.notices);
        if (existsSync(staging)) await tools.give(user.owner, staging);
        const place = `${standInFolder}/${copyFolder}`;
        const script = copyScript(staged, place, step.target);
        await inside(index, script, `${at}: ${step.keyword}`, { staging });
        await rm(staging, { recursive: true, force: true });
      } else if (step.kind === "other" && !silent.has(step.keyword)) {
        notices.push(ignored(step.line, step.keyword, step.text));
      }
    }
  };
  return { make, inside };
}

/** What says nothing about files: how a container is started, and what it is called. */
const silent = new Set(["CMD", "ENTRYPOINT", "EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL"]);

/** What the stand-ins noted goes to one file of the whole build, and out of the image. */
async function appendMissing(root: string, missing: string): Promise<void> {
  const file = await placeInside(root, missingFile);
  // What a step made of it beside a file is not looked at.
  if (file === undefined || lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return;
  await writeFile(missing, await readFile(file, "utf8"), { flag: "a" });
  await rm(file);
}
