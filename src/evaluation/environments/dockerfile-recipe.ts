import { posix } from "node:path";
import {
  type DockerInstruction,
  dockerfileMalformed,
  dockerWords,
  parseDockerfile,
  replaceVariables,
} from "./dockerfile.ts";

/** COPY or ADD: files of the task, of another stage, or written in the Dockerfile itself. */
export interface CopyStep {
  readonly kind: "copy";
  readonly line: number;
  readonly keyword: string;
  /** As written: names of files, patterns, addresses. */
  readonly sources: readonly string[];
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Absolute path in the image; it ends with `/` where a folder is meant. */
  readonly target: string;
  /** From `--chmod`, if it is given in numbers. */
  readonly mode: number | undefined;
  /** From `--from`: a stage by name or number, or an image. */
  readonly from: string | undefined;
  /** Flags that mean nothing here, as written. */
  readonly idleFlags: readonly string[];
}

/** One thing to do, with its variables replaced, in the order of the Dockerfile. */
export type RecipeStep =
  | { readonly kind: "workdir"; readonly line: number; readonly path: string }
  | {
      readonly kind: "env";
      readonly line: number;
      readonly values: readonly (readonly [name: string, value: string])[];
    }
  | CopyStep
  | {
      readonly kind: "run";
      readonly line: number;
      /** The program and its arguments; a shell's where the instruction is a line for a shell. */
      readonly command: readonly [string, ...string[]];
      readonly workdir: string;
      /** From ARG and ENV before it. */
      readonly env: Readonly<Record<string, string>>;
      readonly text: string;
    }
  | {
      readonly kind: "other";
      readonly line: number;
      readonly keyword: string;
      readonly text: string;
    };

/** What begins with FROM. */
export interface RecipeStage {
  /** Its number and its name in small letters. */
  readonly names: readonly string[];
  /** An earlier stage by its place, or the name of an image. */
  readonly base: number | string;
  readonly steps: readonly RecipeStep[];
  /** As they stand at its end, those of the stage that it is built on included. */
  readonly workdir: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** What is so at one place of a Dockerfile. */
interface State {
  workdir: string | undefined;
  env: Record<string, string>;
  args: Record<string, string>;
  shell: readonly [string, ...string[]];
}

/** What images have as PATH where they say nothing: that of Debian's. */
export const imagePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Reads a Dockerfile as steps.
 * @param path for messages only
 * @returns its stages, at least one
 * @throws Agent33Error `evaluation.dockerfile_malformed`
 */
export function readRecipe(text: string, path: string): readonly RecipeStage[] {
  const stages: RecipeStage[] = [];
  const ends: State[] = [];
  const shared: Record<string, string> = {};
  let open: { names: string[]; base: number | string; steps: RecipeStep[] } | undefined;
  let state = emptyState();
  const finish = () => {
    if (open === undefined) return;
    stages.push({ ...open, workdir: state.workdir, env: { ...state.env } });
    ends.push(state);
  };
  for (const instruction of parseDockerfile(text, path)) {
    const { keyword, rest, line } = instruction;
    if (keyword === "FROM") {
      finish();
      const [image = "", as, name] = dockerWords(rest, variablesOf(emptyState(), shared));
      const names = [String(stages.length)];
      if (as?.toLowerCase() === "as" && name !== undefined) names.push(name.toLowerCase());
      const earlier = stages.findIndex((stage) => stage.names.includes(image.toLowerCase()));
      open = { names, base: earlier < 0 ? image : earlier, steps: [] };
      const from = ends[earlier];
      state =
        from === undefined
          ? emptyState()
          : { ...from, env: { ...from.env }, args: { ...from.args } };
    } else if (open === undefined) {
      if (keyword !== "ARG")
        throw dockerfileMalformed(path, line, "only ARG may stand before FROM");
      for (const [name, value] of assignments(rest, variablesOf(emptyState(), shared))) {
        shared[name] = value ?? "";
      }
    } else {
      const step = stepOf(instruction, state, shared, path);
      if (step !== undefined) open.steps.push(step);
    }
  }
  finish();
  if (stages.length === 0) throw dockerfileMalformed(path, 1, "there is no FROM");
  return stages;
}

const emptyState = (): State => ({
  workdir: undefined,
  env: {},
  args: {},
  shell: ["/bin/sh", "-c"],
});

/** ENV wins over ARG. PATH has a value even where the Dockerfile gives it none. */
function variablesOf(state: State, shared: Readonly<Record<string, string>> = {}) {
  return new Map([
    ["PATH", imagePath],
    ...Object.entries({ ...shared, ...state.args, ...state.env }),
  ]);
}

function stepOf(
  instruction: DockerInstruction,
  state: State,
  shared: Readonly<Record<string, string>>,
  path: string,
): RecipeStep | undefined {
  const { line, keyword, rest } = instruction;
  const variables = variablesOf(state);
  switch (keyword) {
    case "WORKDIR": {
      // The whole rest is one path, spaces and all.
      const folder = dockerWords(rest, variables).join(" ");
      if (folder === "") throw dockerfileMalformed(path, line, "WORKDIR names no folder");
      state.workdir = posix.resolve(state.workdir ?? "/", folder);
      return { kind: "workdir", line, path: state.workdir };
    }
    case "ARG":
      for (const [name, value] of assignments(rest, variables)) {
        // One that is declared again takes the value that it has before the first FROM.
        const given = value ?? shared[name];
        if (given !== undefined) state.args[name] = given;
      }
      return undefined;
    case "ENV": {
      const values = environment(instruction, variables, path);
      for (const [name, value] of values) state.env[name] = value;
      return { kind: "env", line, values };
    }
    case "SHELL": {
      const [program, ...words] = jsonWords(rest, path, line);
      if (program === undefined) throw dockerfileMalformed(path, line, "SHELL names no program");
      state.shell = [program, ...words];
      return undefined;
    }
    case "COPY":
    case "ADD":
      return copyStep(instruction, state, path);
    case "RUN":
      return {
        kind: "run",
        line,
        command: runCommandOf(instruction, state.shell),
        workdir: state.workdir ?? "/",
        env: { ...state.args, ...state.env },
        text: rest,
      };
    default:
      return { kind: "other", line, keyword, text: rest };
  }
}

function runCommandOf(
  { rest, heredocs }: DockerInstruction,
  shell: State["shell"],
): readonly [string, ...string[]] {
  const list = rest.startsWith("[") ? stringsIn(rest) : undefined;
  const [program, ...args] = list ?? [];
  if (program !== undefined) return [program, ...args];
  const [first] = heredocs;
  if (first !== undefined && heredocs.length === 1 && /^\d*<<-?\S+$/.test(rest)) {
    // A script of its own. Its first line may name who reads it.
    const interpreter = /^#!\s*(\S[^\n]*)\n/.exec(first.text)?.[1];
    if (interpreter === undefined) return [...shell, first.text];
    return [...shell, `${interpreter} /dev/stdin <<'${first.word}'\n${first.text}${first.word}\n`];
  }
  const bodies = heredocs.map(({ text, word }) => `${text}${word}\n`);
  return [...shell, heredocs.length === 0 ? rest : `${rest}\n${bodies.join("")}`];
}

function copyStep(instruction: DockerInstruction, state: State, path: string): CopyStep {
  const { line, keyword, flags, rest, heredocs } = instruction;
  const variables = variablesOf(state);
  let mode: number | undefined;
  let from: string | undefined;
  const idleFlags: string[] = [];
  for (const flag of flags) {
    const [name = "", value = ""] = flag.split("=");
    if (name === "--from") from = dockerWords(value, variables).join(" ");
    else if (name === "--chmod" && /^[0-7]{3,4}$/.test(value)) mode = Number.parseInt(value, 8);
    // A link is only about layers, and files here always belong to who runs the task.
    else if (name !== "--link") idleFlags.push(flag);
  }
  const words = rest.startsWith("[") ? jsonWords(rest, path, line) : dockerWords(rest, variables);
  const target = words.at(-1);
  if (target === undefined || words.length < 2) {
    throw dockerfileMalformed(path, line, `${keyword} needs a source and a destination`);
  }
  const given = words.slice(0, -1);
  const written = new Set(given.filter((word) => /^<<-?/.test(word)));
  const meansFolder = /\/$|(?:^|\/)\.{1,2}$/.test(target) || words.length > 2;
  const full = posix.resolve(state.workdir ?? "/", target);
  return {
    kind: "copy",
    line,
    keyword,
    sources: given.filter((word) => !written.has(word)),
    files: heredocs.map(({ word, expands, text }) => ({
      name: word,
      text: expands ? replaceVariables(text, variables) : text,
    })),
    target: meansFolder && !full.endsWith("/") ? `${full}/` : full,
    mode,
    from,
    idleFlags,
  };
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

function jsonWords(rest: string, path: string, line: number): readonly string[] {
  const words = stringsIn(rest);
  if (words === undefined) throw dockerfileMalformed(path, line, "the list is not JSON");
  return words;
}

function stringsIn(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === "string")
      ? value
      : undefined;
  } catch {
    // RUN takes such a line for its shell: `[ -f x ] && y`.
    return undefined;
  }
}
