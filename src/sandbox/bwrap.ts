import { type Clock, systemClock } from "../base/clock.ts";
import { isAgent33Error } from "../base/errors.ts";
import { shownPath } from "./bwrap-arguments.ts";
import { chooseHostUser, type HostUser } from "./bwrap-host-user.ts";
import { describeEnd, launch, type LaunchEnd } from "./bwrap-launch.ts";
import { findLimiter, type Limiter, type SandboxLimits } from "./bwrap-limits.ts";
import {
  explainNotStarted,
  explainRefusal,
  sandboxUnavailable,
  wrongMachine,
} from "./bwrap-refusal.ts";
import type { Processes } from "./process.ts";
import { seccompFilter } from "./seccomp.ts";

export interface BwrapOptions {
  readonly spawn: Processes["spawn"];
  readonly clock?: Clock;
  /** The bubblewrap program. Default: `bwrap`, found on the usual folders. */
  readonly command?: string;
  /** The Node program that `node` starts inside. Default: this process's. */
  readonly nodePath?: string;
  /** Default: `prlimit` where it is installed. */
  readonly limiter?: Limiter;
}

/** A command to run inside, and what it may see and use. */
export interface SandboxRequest {
  /** The program, found on the PATH inside, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Read and written, at its own path; the command starts in it. Absolute. */
  readonly workspace: string;
  /** Files and folders that can be read, at their own paths. Absolute. */
  readonly readOnlyBinds?: readonly string[];
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

export interface BwrapSandbox {
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

/**
 * Commands in a sandbox of bubblewrap: namespaces of their own without a network, a read-only
 * system, one writable workspace, a filter of system calls, limits. Linux on x86-64 and arm64.
 */
export function createBwrapSandbox(options: BwrapOptions): BwrapSandbox {
  const { spawn, clock = systemClock, command: bwrap = "bwrap" } = options;
  const { nodePath = process.execPath, limiter = findLimiter() } = options;
  const hostUsers = new Map<string, HostUser>();

  const hostUserFor = async (workspace: string): Promise<HostUser> => {
    const known = hostUsers.get(workspace);
    if (known !== undefined) return known;
    const ownId = process.getuid?.();
    const user = await chooseHostUser({ spawn, clock, ownId, workspace, nodePath });
    hostUsers.set(workspace, user);
    return user;
  };
  const runInside = async (request: SandboxRequest): Promise<LaunchEnd> => {
    const filter = process.platform === "linux" ? seccompFilter(process.arch) : undefined;
    if (filter === undefined)
      throw sandboxUnavailable(wrongMachine(process.platform, process.arch));
    const workspace = shownPath(request.workspace);
    const { command, timeoutMs, outputLimitBytes, signal } = request;
    const limits = sandboxLimits(request);
    const readOnlyBinds = request.readOnlyBinds ?? [];
    return launch({
      spawn,
      clock,
      bwrap,
      limiter,
      limits,
      command,
      timeoutMs,
      outputLimitBytes,
      hostUser: await hostUserFor(workspace),
      view: { workspace, readOnlyBinds, nodePath, tmpBytes: limits.fileSizeBytes, filter },
      ...(signal === undefined ? {} : { signal }),
    });
  };

  return {
    run: async (request) => {
      let end: LaunchEnd;
      try {
        end = await runInside(request);
      } catch (error) {
        const notStarted = isAgent33Error(error) && error.code === "sandbox.spawn_failed";
        throw notStarted ? sandboxUnavailable(explainNotStarted(error)) : error;
      }
      const { started, said, ...result } = end;
      if (!started) throw sandboxUnavailable(explainRefusal(said, describeEnd(end)));
      return result;
    },
  };
}
