/** What isolates commands. A driver is named here, made in `choose.ts`, and passes `conformance.cases.ts`. */
export const sandboxDrivers = ["bubblewrap", "gvisor", "docker"] as const;
export type SandboxDriver = (typeof sandboxDrivers)[number];

/** What a command may use. Each holds for every process of it by itself, but for `processes`. */
export interface SandboxLimits {
  /** Address space. Programs reserve more of it than they use: Node starts with 1.3 GB. */
  readonly memoryBytes: number;
  readonly fileSizeBytes: number;
  readonly openFiles: number;
  /** Processes and threads of the whole command. The kernel does not hold root to it. */
  readonly processes: number;
  readonly cpuSeconds: number;
}

/** A command to run inside, and what it may see and use. */
export interface SandboxRequest {
  /** The program, found on the PATH inside, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Read and written, at its own path; the command starts in it. Absolute. */
  readonly workspace: string;
  /** Files and folders that can be read, at their own paths. Absolute. */
  readonly readOnlyBinds?: readonly string[];
  /** Variables that the command gets besides PATH, HOME, LANG and TERM, or in their place. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Of standard output and of standard error each; of more, the beginning and the end are kept. */
  readonly outputLimitBytes: number;
  /** Address space of one process. Default 4 GiB: programs reserve more than they use. */
  readonly memoryBytes?: number;
  /** Of one file, and of all that is in /tmp. Default 256 MiB. */
  readonly fileSizeBytes?: number;
  /** Of one process. Default 1,024. */
  readonly openFiles?: number;
  /** Processes and threads of the whole command. Default 256. */
  readonly processes?: number;
  /** Processor time of one process. Default: twice the time limit. */
  readonly cpuSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface SandboxResult {
  /** Null when the sandbox was killed. A command that a signal ended gives 128 and its number. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether output is left out; the text says where and how much. */
  readonly truncated: boolean;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

/** Why there is no sandbox, and what to do about it. */
export interface SandboxRefusal {
  readonly reason: string;
  readonly hint: string;
}

/** Whether commands can be sandboxed on this machine, and if not, why and what to do. */
export type SandboxProbe =
  | {
      readonly available: true;
      readonly driver: SandboxDriver;
      readonly version: string;
      /** What is weaker than it should be, for the person who runs the engine. */
      readonly notices: readonly string[];
    }
  | ({ readonly available: false } & SandboxRefusal);

/** A way to run commands without trusting them: one seam, however they are isolated. */
export interface Sandbox {
  readonly driver: SandboxDriver;
  /**
   * Tries a command that does nothing, with all of the isolation: some systems have the program and
   * refuse only when it is used. Never throws: that there is no sandbox is an answer.
   * @param workspace without one, only the machine is looked at
   */
  probe(workspace?: string): Promise<SandboxProbe>;
  /**
   * Runs a command to its end and ends all that it started. What the command does is data.
   * @throws Agent33Error `sandbox.unavailable` when any part of the isolation cannot be had: the
   * command has not run then; `sandbox.folder_refused`, `sandbox.kill_failed`; the signal's reason
   * when it aborted
   */
  run(request: SandboxRequest): Promise<SandboxResult>;
}

const mebibyte = 1024 * 1024;

/** The limits of a request, with the defaults. */
export function sandboxLimits(
  request: Partial<SandboxLimits> & Pick<SandboxRequest, "timeoutMs">,
): SandboxLimits {
  return {
    memoryBytes: request.memoryBytes ?? 4_096 * mebibyte,
    fileSizeBytes: request.fileSizeBytes ?? 256 * mebibyte,
    openFiles: request.openFiles ?? 1_024,
    processes: request.processes ?? 256,
    cpuSeconds: request.cpuSeconds ?? Math.ceil(request.timeoutMs / 1_000) * 2,
  };
}
