import type { Effect, Repeat } from "../../base/effect.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";

/** An MCP server that a task wants to be there. */
export type TaskMcpServer =
  | {
      readonly name: string;
      readonly transport: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly name: string;
      readonly transport: "sse" | "streamable-http";
      readonly url: string;
    };

/** What an author says a tool does, by the name that the model uses. */
export interface TaskToolNote {
  readonly effect: Effect;
  readonly repeat: Repeat;
}

/** The hidden tests of a step. */
export interface TaskVerifier {
  /**
   * Folders whose files together are the tests, at least one. Of two files with one path that of
   * the later folder counts; `test.sh` is in one of them.
   */
  readonly dirs: readonly [string, ...string[]];
  /** Where the tests expect to be when they run. */
  readonly at: "/tests" | "/verifier";
  readonly timeoutMs: number;
  /** Values may be `${NAME}` or `${NAME:-default}`, to be taken from the caller's variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** The author's own way to do a step: a folder with a `solve.sh`. */
export interface TaskSolution {
  readonly dir: string;
  /** Where the solution expects to be when it runs. */
  readonly at: "/solution" | "/oracle";
  readonly env: Readonly<Record<string, string>>;
}

/** What an agent is told and judged by at one time; most tasks have one of these. */
export interface TaskStep {
  /** Undefined where the task is one step. */
  readonly name: string | undefined;
  /** What the agent is told. */
  readonly instruction: string;
  /** Undefined where the task sets no limit. */
  readonly agentTimeoutMs: number | undefined;
  readonly verifier: TaskVerifier;
  /** Undefined where the author ships none. */
  readonly solution: TaskSolution | undefined;
  /**
   * A folder whose files are put into the workdir before the step begins; if there is a `setup.sh`
   * among them, it is run there. Where that fails the step cannot be tried.
   */
  readonly setupDir: string | undefined;
  /** By reward: if one of them is lower or missing, the steps after this one are not begun. */
  readonly minReward: Readonly<Record<string, number>> | undefined;
}

/** A task for an agent, as its folder holds it. Paths are absolute. */
export interface Task {
  /** The folder's name. */
  readonly name: string;
  readonly dir: string;
  /** The format's version as written, if it is. */
  readonly formatVersion: string | undefined;
  readonly metadata: {
    readonly authorName: string | undefined;
    /** Any word: public task sets do not agree on a scale. */
    readonly difficulty: string | undefined;
    readonly category: string | undefined;
    readonly tags: readonly string[];
  };
  readonly environment: {
    readonly dir: string;
    /** Undefined where there is none and the files are taken as they are. */
    readonly dockerfile: string | undefined;
    /** Undefined where the task is one container. */
    readonly composeFile: string | undefined;
    readonly dockerImage: string | undefined;
    readonly workdir: string | undefined;
    readonly buildTimeoutMs: number;
    readonly cpus: number | undefined;
    readonly memoryMb: number | undefined;
    readonly storageMb: number | undefined;
    readonly network: "public" | "no-network" | "allowlist";
    readonly allowedHosts: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly mcpServers: readonly TaskMcpServer[];
  };
  /** In their order, at least one. */
  readonly steps: readonly [TaskStep, ...TaskStep[]];
  /** What a task of several steps is worth: the mean of their rewards, or the last one's. */
  readonly stepReward: "mean" | "final";
  /** Folder of the task's Agent Skills, if it brings some. */
  readonly skillsDir: string | undefined;
  /** The visible check: a program and its arguments, to be run in the workspace. */
  readonly check: readonly string[] | undefined;
  /** Scripted turns for a run without a model. */
  readonly scriptPath: string | undefined;
  readonly toolNotes: Readonly<Record<string, TaskToolNote>>;
  /** The whole `task.toml`, or the front matter of `task.md`, with the keys that mean nothing to us. */
  readonly source: JsonObject;
  /** What a person should know before the task is run. */
  readonly notices: readonly string[];
}

/**
 * The step of a task that is one, for whoever cannot go through several.
 * @throws Agent33Error `evaluation.several_steps`
 */
export function onlyStep({ name, steps: [first, ...more] }: Task): TaskStep {
  if (more.length === 0) return first;
  throw new Agent33Error(
    "evaluation.several_steps",
    `The task "${name}" has ${more.length + 1} steps, and a run works on one instruction.`,
    { hint: "Try it with `agent33 eval run`, which goes through the steps one after the other." },
  );
}
