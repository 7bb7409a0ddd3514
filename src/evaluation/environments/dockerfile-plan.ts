import { posix } from "node:path";
import { Agent33Error } from "../../base/errors.ts";
import { type CopyStep, readRecipe, type RecipeStep } from "./dockerfile-recipe.ts";

/** One COPY or ADD of files that the task brings. */
export type PlannedCopy = Pick<CopyStep, "line" | "keyword" | "sources" | "target" | "mode">;

/** What a Dockerfile says about a workspace, as far as this can be had without building it. */
export interface DockerfilePlan {
  /** Absolute path in the image. */
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly copies: readonly PlannedCopy[];
  /** One sentence for each thing that was left out. */
  readonly notices: readonly string[];
}

/**
 * Reads WORKDIR, ENV, ARG, COPY and ADD of a Dockerfile's last stage (and of the stages that it is
 * built on) and names everything else in `notices`.
 * @param path for messages only
 * @throws Agent33Error `evaluation.dockerfile_malformed`, `evaluation.dockerfile_unsupported`
 */
export function planDockerfile(text: string, path: string): DockerfilePlan {
  const notices: string[] = [];
  const copies: PlannedCopy[] = [];
  const { steps, workdir, env } = lastStage(text, path, notices);
  for (const step of steps) {
    switch (step.kind) {
      case "workdir":
        break;
      case "env":
        if (step.values.some(([name]) => name === "PATH")) {
          notices.push(`Dockerfile, line ${step.line}: ENV PATH is not taken over`);
        }
        break;
      case "copy": {
        const copy = plannedCopy(step, path, notices);
        if (copy !== undefined) copies.push(copy);
        break;
      }
      case "run":
        notices.push(ignored(step.line, "RUN", step.text));
        break;
      case "other":
        notices.push(ignored(step.line, step.keyword, step.text));
        break;
      default:
        step satisfies never;
    }
  }
  if (workdir === undefined) {
    notices.push("Dockerfile: no WORKDIR, so the workspace stands for the image's root folder");
  }
  // The image's folders are not this machine's.
  const { PATH: _path, ...own } = env;
  return { workdir: workdir ?? "/", env: own, copies, notices };
}

/** The steps that make the last stage, those of its base stages first. */
function lastStage(text: string, path: string, notices: string[]) {
  const stages = readRecipe(text, path);
  const last = stages.at(-1);
  let steps: readonly RecipeStep[] = [];
  let used = 0;
  for (let stage = last; stage !== undefined; ) {
    steps = [...stage.steps, ...steps];
    used += 1;
    const { base } = stage;
    if (typeof base === "string") {
      notices.push(`Dockerfile: runs on this machine, not in the image "${base}"`);
      break;
    }
    stage = stages[base];
  }
  const left = stages.length - used;
  if (left > 0) notices.push(`Dockerfile: ${left} build stage(s) are not carried out`);
  return { steps, workdir: last?.workdir, env: last?.env ?? {} };
}

function plannedCopy(step: CopyStep, path: string, notices: string[]): PlannedCopy | undefined {
  const { line, keyword, target, mode } = step;
  if (step.files.length > 0)
    throw unsupported(path, line, "files written in the Dockerfile itself");
  if (step.from !== undefined) {
    notices.push(`Dockerfile, line ${line}: ${keyword} from another image is not carried out`);
    return undefined;
  }
  for (const flag of step.idleFlags) notices.push(idleFlag(line, flag));
  const sources: string[] = [];
  for (const source of step.sources) {
    if (isDownload(keyword, source)) {
      notices.push(notDownloaded(line, source));
      continue;
    }
    if (isPattern(source)) throw unsupported(path, line, `the pattern "${source}" as a source`);
    if (isArchive(keyword, source)) {
      throw unsupported(path, line, `unpacking the archive "${source}"`);
    }
    sources.push(source);
  }
  return sources.length === 0 ? undefined : { line, keyword, sources, target, mode };
}

/** Whether ADD is to fetch a source from somewhere else. */
export const isDownload = (keyword: string, source: string): boolean =>
  keyword === "ADD" && /^(?:[a-z]+:\/\/|git@)/i.test(source);
/** Whether ADD is to unpack a source. */
export const isArchive = (keyword: string, source: string): boolean =>
  keyword === "ADD" && /\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$/i.test(source);
/** Whether a source names files by a pattern. */
export const isPattern = (source: string): boolean => /[*?[]/.test(source);

export const notDownloaded = (line: number, source: string): string =>
  `Dockerfile, line ${line}: ADD ${source} is not downloaded`;
export const idleFlag = (line: number, flag: string): string =>
  `Dockerfile, line ${line}: ${flag} has no effect`;

/** What is said of an instruction that is not carried out. */
export function ignored(line: number, keyword: string, text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return `Dockerfile, line ${line}: ${keyword} ${shown} is not carried out`;
}

/** The place in the task's own folder that a source means. */
export function contextPath(root: string, source: string): string {
  // A leading slash means the build context, not the machine.
  return posix.resolve(root, source.replace(/^\/+/, ""));
}

/** What a build could do and the host environment does not. */
function unsupported(path: string, line: number, what: string): Agent33Error {
  return new Agent33Error(
    "evaluation.dockerfile_unsupported",
    `${path}, line ${line}: ${what} is not supported without building the image.`,
    {
      hint: "Name the files one by one in COPY, or run the task in a container environment.",
      details: { file: path, line },
    },
  );
}
