import { posix } from "node:path";
import {
  type DockerInstruction,
  dockerfileMalformed,
  dockerWords,
  parseDockerfile,
} from "./dockerfile.ts";
import { Agent33Error } from "../../base/errors.ts";

/** One COPY or ADD of files that the task brings. */
export interface CopyStep {
  readonly line: number;
  readonly keyword: string;
  /** As written, relative to `environment/`. */
  readonly sources: readonly string[];
  /** Absolute path in the image; it ends with `/` where a folder is meant. */
  readonly target: string;
  /** File mode from `--chmod`, if given. */
  readonly mode: number | undefined;
}

/** What a Dockerfile says about a workspace, as far as this can be had without building it. */
export interface DockerfilePlan {
  /** Absolute path in the image. */
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly copies: readonly CopyStep[];
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
  const variables = new Map<string, string>();
  const env: Record<string, string> = {};
  const copies: CopyStep[] = [];
  let workdir: string | undefined;

  for (const instruction of lastStage(parseDockerfile(text, path), path, notices)) {
    const { line, keyword, rest } = instruction;
    switch (keyword) {
      case "WORKDIR": {
        // The whole rest is one path, spaces and all.
        const folder = dockerWords(rest, variables).join(" ");
        if (folder === "") throw dockerfileMalformed(path, line, "WORKDIR names no folder");
        workdir = posix.resolve(workdir ?? "/", folder);
        break;
      }
      case "ARG":
        for (const [name, value] of assignments(rest, variables)) {
          if (value !== undefined) variables.set(name, value);
        }
        break;
      case "ENV":
        for (const [name, value] of environment(instruction, variables, path)) {
          variables.set(name, value);
          // The image's folders are not this machine's.
          if (name === "PATH") notices.push(`Dockerfile, line ${line}: ENV PATH is not taken over`);
          else env[name] = value;
        }
        break;
      case "COPY":
      case "ADD": {
        const step = copyStep(instruction, workdir ?? "/", variables, path, notices);
        if (step !== undefined) copies.push(step);
        break;
      }
      default:
        notices.push(ignored(instruction));
    }
  }
  if (workdir === undefined) {
    notices.push("Dockerfile: no WORKDIR, so the workspace stands for the image's root folder");
  }
  return { workdir: workdir ?? "/", env, copies, notices };
}

/** The instructions that make the last stage, those of its base stages first. */
function lastStage(
  instructions: readonly DockerInstruction[],
  path: string,
  notices: string[],
): DockerInstruction[] {
  const stages: { names: string[]; base: string; body: DockerInstruction[] }[] = [];
  const shared: DockerInstruction[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === "FROM") {
      const [base = "", as, name] = dockerWords(instruction.rest, argDefaults(shared));
      const names = [String(stages.length)];
      if (as?.toLowerCase() === "as" && name !== undefined) names.push(name.toLowerCase());
      stages.push({ names, base, body: [] });
    } else if (stages.length === 0) {
      if (instruction.keyword !== "ARG") {
        throw dockerfileMalformed(path, instruction.line, "only ARG may stand before FROM");
      }
      shared.push(instruction);
    } else {
      stages.at(-1)?.body.push(instruction);
    }
  }
  let index = stages.length - 1;
  if (index < 0) throw dockerfileMalformed(path, 1, "there is no FROM");
  const used = new Set<number>();
  const body: DockerInstruction[] = [];
  for (;;) {
    const stage = stages[index];
    if (stage === undefined) break;
    used.add(index);
    body.unshift(...stage.body);
    const base = stages.findIndex(
      (each, place) => place < index && each.names.includes(stage.base.toLowerCase()),
    );
    if (base < 0) {
      notices.push(`Dockerfile: runs on this machine, not in the image "${stage.base}"`);
      break;
    }
    index = base;
  }
  const left = stages.length - used.size;
  if (left > 0) notices.push(`Dockerfile: ${left} build stage(s) are not carried out`);
  return body;
}

function argDefaults(args: readonly DockerInstruction[]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { rest } of args) {
    for (const [name, value] of assignments(rest, variables)) variables.set(name, value ?? "");
  }
  return variables;
}

function assignments(
  rest: string,
  variables: ReadonlyMap<string, string>,
): (readonly [name: string, value: string | undefined])[] {
  return dockerWords(rest, variables).map((word) => {
    const equals = word.indexOf("=");
    return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
  });
}

function environment(
  { rest, line }: DockerInstruction,
  variables: ReadonlyMap<string, string>,
  path: string,
): (readonly [string, string])[] {
  // The older form, `ENV NAME the whole rest`, is known by its first word without "=".
  const older = /^([A-Za-z_][A-Za-z0-9_]*)\s+(\S[\s\S]*)$/.exec(rest);
  if (older?.[1] !== undefined && older[2] !== undefined) {
    return [[older[1], dockerWords(older[2], variables).join(" ")]];
  }
  return assignments(rest, variables).map(([name, value]) => {
    if (value === undefined) throw dockerfileMalformed(path, line, `ENV gives ${name} no value`);
    return [name, value];
  });
}

function copyStep(
  instruction: DockerInstruction,
  workdir: string,
  variables: ReadonlyMap<string, string>,
  path: string,
  notices: string[],
): CopyStep | undefined {
  const { line, keyword, flags, rest } = instruction;
  if (instruction.hasHeredoc)
    throw unsupported(path, line, "files written in the Dockerfile itself");
  let mode: number | undefined;
  for (const flag of flags) {
    const [name = "", value = ""] = flag.split("=");
    if (name === "--from") {
      notices.push(`Dockerfile, line ${line}: ${keyword} from another image is not carried out`);
      return undefined;
    }
    if (name === "--chmod" && /^[0-7]{3,4}$/.test(value)) mode = Number.parseInt(value, 8);
    // A link is only about layers, and files here always belong to who runs the task.
    else if (name !== "--link") notices.push(`Dockerfile, line ${line}: ${flag} has no effect`);
  }
  const words = rest.startsWith("[") ? jsonWords(rest, path, line) : dockerWords(rest, variables);
  const target = words.at(-1);
  if (target === undefined || words.length < 2) {
    throw dockerfileMalformed(path, line, `${keyword} needs a source and a destination`);
  }
  const sources: string[] = [];
  for (const source of words.slice(0, -1)) {
    if (keyword === "ADD" && /^(?:[a-z]+:\/\/|git@)/i.test(source)) {
      notices.push(`Dockerfile, line ${line}: ADD ${source} is not downloaded`);
      continue;
    }
    if (/[*?[]/.test(source)) throw unsupported(path, line, `the pattern "${source}" as a source`);
    if (keyword === "ADD" && /\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$/i.test(source)) {
      throw unsupported(path, line, `unpacking the archive "${source}"`);
    }
    sources.push(source);
  }
  if (sources.length === 0) return undefined;
  const meansFolder = /\/$|(?:^|\/)\.{1,2}$/.test(target) || words.length > 2;
  const full = posix.resolve(workdir, target);
  return {
    line,
    keyword,
    sources,
    target: meansFolder && !full.endsWith("/") ? `${full}/` : full,
    mode,
  };
}

function jsonWords(rest: string, path: string, line: number): string[] {
  const bad = dockerfileMalformed(path, line, "the list is not JSON");
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    throw bad;
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw bad;
  return value;
}

function ignored({ line, keyword, rest }: DockerInstruction): string {
  const shown = rest.length > 60 ? `${rest.slice(0, 57)}...` : rest;
  return `Dockerfile, line ${line}: ${keyword} ${shown} is not carried out`;
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
