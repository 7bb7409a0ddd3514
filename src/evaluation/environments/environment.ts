import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { CommandResult } from "../commands/run-command.ts";
import type { Task, TaskVerifier } from "../tasks/task.ts";

/** Where trials happen. Nothing but `host` runs an agent without walls, and only when it is asked for. */
export const environmentKinds = ["bwrap", "docker", "host"] as const;
export type EnvironmentKind = (typeof environmentKinds)[number];

/** A command to run inside. */
export interface EnvironmentCommand {
  /** The program, found on the PATH inside, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** As seen from inside. Default: the environment's workdir. */
  readonly cwd?: string;
  /** Besides the environment's own variables, or in their place. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** A file on this machine that gets the output as it comes, within a limit. */
  readonly outputTo?: string;
  readonly signal?: AbortSignal;
}

/** The hidden tests, to be run when the agent is gone. */
export interface JudgeRequest {
  /** The folder of the tests on this machine; the agent has never seen it. */
  readonly tests: string;
  /** Where the tests expect to be, as seen from inside. Default: `/tests`. */
  readonly testsAt?: TaskVerifier["at"];
  /** Where the verdict goes: a folder on this machine that the agent could not reach. */
  readonly logs: string;
  /** What the verifier is given besides the environment's own variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What one trial works in, from its start to its verdict. */
export interface TaskEnvironment {
  readonly kind: EnvironmentKind;
  /** Where the agent begins, as seen from inside. */
  readonly workdir: string;
  /** The same folder on this machine, where it has one. */
  readonly workspace: string | undefined;
  /** Where a solution is put by whoever knows it, as seen from inside; made when it is put there. */
  readonly solutionDir: string;
  /** How an agent of this engine runs commands inside; undefined on the host, where the engine's own sandbox does it. */
  readonly sandbox: Sandbox | undefined;
  /** From the image and the task. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborts when the trial uses more than it may (`evaluation.storage_exceeded` and the like). */
  readonly overrun: AbortSignal;
  /** @throws Agent33Error what the machine could not do; what the command does is data */
  run(command: EnvironmentCommand): Promise<CommandResult>;
  /** Copies a file, or what is in a folder, from this machine to a place inside. */
  put(from: string, to: string): Promise<void>;
  /**
   * Copies a file or a folder from inside to a place on this machine. Links that lead out are left out.
   * @returns whether there was something to copy
   */
  take(from: string, to: string): Promise<boolean>;
  /** Ends everything that was started inside; resolves when it is gone. */
  endAll(): Promise<void>;
  /**
   * Ends everything, then runs `test.sh` on what the agent left, in mounts of its own. Verdicts in
   * the folder of logs are removed before; `verdictOf` reads the one that comes.
   */
  judge(request: JudgeRequest): Promise<CommandResult>;
  /** Ends everything and removes what is of no use any more. Can be called twice. */
  close(): Promise<void>;
}

/** What one trial asks of an environment. */
export interface TrialPlace {
  /** An empty folder of the trial's own, for what the environment needs. */
  readonly dir: string;
  /** Whether the task's own skills are where its Dockerfile copies them. */
  readonly withSkills: boolean;
  readonly signal: AbortSignal;
}

/** A task whose trials can begin: what they share is made. */
export interface PreparedTask {
  /** What an environment of the real image would have and this one has not. */
  readonly notices: readonly string[];
  /** What results hang on besides the task, by name: the root's packages, the image. */
  readonly digests: Readonly<Record<string, string>>;
  /** @throws Agent33Error an infrastructure error, never a verdict */
  start(place: TrialPlace): Promise<TaskEnvironment>;
}

/** A kind of environment. */
export interface EnvironmentDriver {
  readonly kind: EnvironmentKind;
  /**
   * Builds what the trials of a task share, once, however often it is asked for.
   * @throws Agent33Error an infrastructure error: this task cannot be tried here
   */
  prepare(task: Task, signal: AbortSignal): Promise<PreparedTask>;
}
