import { cp, lstat, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { isAgent33Error } from "../../../base/errors.ts";
import { isBelow, isWithin } from "../../paths.ts";
import { taskDigest } from "../../tasks/task-digest.ts";
import type { Task } from "../../tasks/task.ts";
import type { DockerCli } from "./docker-cli.ts";
import { buildFailed, dockerFailure, nothingToBuild, strangeAnswer } from "./docker-errors.ts";

/** What trials of a task begin with. */
export interface TaskImage {
  /** What docker knows it by. */
  readonly name: string;
  /** `sha256:…` */
  readonly id: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The image of a task, and the same without the skills that its Dockerfile copies. */
export interface TaskImages {
  readonly withSkills: TaskImage;
  readonly withoutSkills: TaskImage;
  readonly notices: readonly string[];
}

/**
 * Builds the images of a task, or takes those that were built of the same files before. A published
 * image is taken in place of the Dockerfile, as Harbor does, but where skills have to be left out.
 * @throws Agent33Error `evaluation.image_missing`, `evaluation.image_build_failed`, `evaluation.docker_*`
 */
export async function buildImages(
  task: Task,
  cli: DockerCli,
  signal: AbortSignal,
): Promise<TaskImages> {
  const { dir, dockerfile, dockerImage } = task.environment;
  const { skillsDir } = task;
  const skillsInside = skillsDir !== undefined && isBelow(dir, skillsDir);
  if (dockerImage !== undefined && !(dockerfile !== undefined && skillsInside)) {
    const image = await pulled(dockerImage, cli, task, signal);
    const notices = skillsInside
      ? [`the image "${dockerImage}" is taken as it is, also where no skills are wanted`]
      : [];
    return { withSkills: image, withoutSkills: image, notices };
  }
  if (dockerfile === undefined) throw nothingToBuild(task.name);
  const withSkills = await built(dir, cli, task, signal);
  if (!skillsInside) return { withSkills, withoutSkills: withSkills, notices: [] };
  const staged = await mkdtemp(join(tmpdir(), "agent33-context-"));
  try {
    // Folders stay, so that the lines that copy them copy nothing.
    const filter = async (from: string) =>
      !isWithin(skillsDir, from) || (await lstat(from)).isDirectory();
    await cp(dir, staged, { recursive: true, verbatimSymlinks: true, filter });
    const withoutSkills = await built(staged, cli, task, signal);
    return { withSkills, withoutSkills, notices: [] };
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

async function built(
  context: string,
  cli: DockerCli,
  task: Task,
  signal: AbortSignal,
): Promise<TaskImage> {
  const tag = `agent33-task:${(await taskDigest({ dir: context })).slice(0, 32)}`;
  const before = await inspectImage(tag, cli, task, signal);
  if (before !== undefined) return before;
  await building(task, () =>
    cli.ask(["build", "--tag", tag, "--file", join(context, "Dockerfile"), context], {
      timeoutMs: task.environment.buildTimeoutMs,
      signal,
    }),
  );
  return wanted(tag, await inspectImage(tag, cli, task, signal));
}

async function pulled(
  name: string,
  cli: DockerCli,
  task: Task,
  signal: AbortSignal,
): Promise<TaskImage> {
  const before = await inspectImage(name, cli, task, signal);
  if (before !== undefined) return before;
  const { buildTimeoutMs: timeoutMs } = task.environment;
  await building(task, () => cli.ask(["pull", "--quiet", name], { timeoutMs, signal }));
  return wanted(name, await inspectImage(name, cli, task, signal));
}

async function building(task: Task, work: () => Promise<string>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isAgent33Error(error) && error.code === "evaluation.docker_failed") {
      throw buildFailed(task.name, error);
    }
    throw error;
  }
}

const imageSchema = z.object({
  Id: z.string(),
  Config: z
    .object({ Env: z.array(z.string()).nullish(), WorkingDir: z.string().nullish() })
    .nullish(),
});

/** What an image is; undefined where there is none of that name. */
async function inspectImage(
  name: string,
  cli: DockerCli,
  task: Task,
  signal: AbortSignal,
): Promise<TaskImage | undefined> {
  const format = '{"Id":{{json .Id}},"Config":{{json .Config}}}';
  const args = ["image", "inspect", "--format", format, name];
  const result = await cli.run(args, { signal });
  signal.throwIfAborted();
  const failure = dockerFailure(args, result);
  if (failure !== undefined) {
    if (/no such (?:image|object)/i.test(result.output)) return undefined;
    throw failure;
  }
  const { Id: id, Config: config } = readJson(result.stdout, imageSchema, "image inspect");
  const env = Object.fromEntries(
    (config?.Env ?? []).map((entry) => {
      const at = entry.indexOf("=");
      return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
  const given = config?.WorkingDir ?? "";
  return { name, id, env, workdir: task.environment.workdir ?? (given === "" ? "/" : given) };
}

function wanted(name: string, image: TaskImage | undefined): TaskImage {
  if (image !== undefined) return image;
  throw strangeAnswer(`image inspect ${name}`, undefined);
}

/** @throws Agent33Error `evaluation.docker_failed` */
export function readJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  what: string,
): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw strangeAnswer(what, cause);
  }
}
