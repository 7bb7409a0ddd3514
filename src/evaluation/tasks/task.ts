import type { Effect, Repeat } from "../../base/effect.ts";
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

/** What an agent is told and judged by at one time; most tasks have one of these. */
export interface TaskStep {
  /** Undefined where the task is one step. */
  readonly name: string | undefined;
  readonly instruction: string;
  readonly agentTimeoutMs: number | undefined;
  readonly verifier: Task["verifier"];
  readonly solution: Task["solution"];
  /** With a lower reward the steps after it are not begun. */
  readonly minReward: number | undefined;
}

/** A task for an agent, as a Harbor folder holds it. Paths are absolute. */
export interface Task {
  /** The folder's name. */
  readonly name: string;
  readonly dir: string;
  /** What the agent is told, as `instruction.md` has it. */
  readonly instruction: string;
  /** The format's version as written, if it is. */
  readonly formatVersion: string | undefined;
  readonly metadata: {
    readonly authorName: string | undefined;
    /** Any word: public task sets do not agree on a scale. */
    readonly difficulty: string | undefined;
    readonly category: string | undefined;
    readonly tags: readonly string[];
  };
  /** Undefined where the task sets no limit. */
  readonly agentTimeoutMs: number | undefined;
  readonly verifier: {
    readonly dir: string;
    readonly timeoutMs: number;
    /** Values may be `${NAME}` or `${NAME:-default}`, to be taken from the caller's variables. */
    readonly env: Readonly<Record<string, string>>;
  };
  /** Undefined where the task ships no reference solution. */
  readonly solution:
    | { readonly dir: string; readonly env: Readonly<Record<string, string>> }
    | undefined;
  readonly environment: {
    readonly dir: string;
    /** Undefined where there is none and the files are taken as they are. */
    readonly dockerfile: string | undefined;
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
  readonly steps: readonly TaskStep[];
  /** What a task of several steps is worth: the mean of their rewards, or the last one's. */
  readonly stepReward: "mean" | "final";
  /** Folder of the task's Agent Skills, if it brings some. */
  readonly skillsDir: string | undefined;
  /** The visible check: a program and its arguments, to be run in the workspace. */
  readonly check: readonly string[] | undefined;
  /** Scripted turns for a run without a model. */
  readonly scriptPath: string | undefined;
  readonly toolNotes: Readonly<Record<string, TaskToolNote>>;
  /** The whole `task.toml`, with the keys that mean nothing to us. */
  readonly source: JsonObject;
  /** What a person should know before the task is run. */
  readonly notices: readonly string[];
}
