import { type Clock, systemClock } from "../base/clock.ts";
import { bwrapStart, type BwrapView } from "./bwrap-arguments.ts";
import { probeSandbox } from "./bwrap-probe.ts";
import { explainNotStarted, explainRefusal } from "./bwrap-refusal.ts";
import { chooseHostUser, type HostUser } from "./host-user.ts";
import { type LaunchEnd, launch, resultOf } from "./launch.ts";
import { findLimiter, type Limiter, limitedCommand } from "./limits.ts";
import type { Processes } from "./process.ts";
import { boundProcesses } from "./process-cgroup.ts";
import { sandboxUnavailable, wrongMachine } from "./refusal.ts";
import { type Sandbox, sandboxLimits, type SandboxRequest } from "./sandbox.ts";
import { seccompFilter } from "./seccomp.ts";
import { shownPath, workspaceView } from "./view.ts";

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

/**
 * Commands in a sandbox of bubblewrap: namespaces of their own without a network, a read-only
 * system, one writable workspace, a filter of system calls, limits. Linux on x86-64 and arm64.
 */
export function createBwrapSandbox(options: BwrapOptions): Sandbox {
  const { spawn, clock = systemClock, command: bwrap = "bwrap" } = options;
  const { nodePath = process.execPath, limiter = findLimiter() } = options;
  const hostUsers = new Map<string, HostUser>();

  const hostUserFor = async (workspace: string, readable: readonly string[]): Promise<HostUser> => {
    const key = JSON.stringify([workspace, ...readable]);
    const known = hostUsers.get(key);
    if (known !== undefined) return known;
    const ownId = process.getuid?.();
    const question = { spawn, clock, ownId, writable: [workspace], readable, nodePath };
    const user = await chooseHostUser(question);
    hostUsers.set(key, user);
    return user;
  };
  const runInside = async (request: SandboxRequest): Promise<LaunchEnd> => {
    const filter = process.platform === "linux" ? seccompFilter(process.arch) : undefined;
    if (filter === undefined)
      throw sandboxUnavailable(wrongMachine(process.platform, process.arch));
    const workspace = shownPath(request.workspace);
    const { timeoutMs, outputLimitBytes, signal } = request;
    const limits = sandboxLimits(request);
    const place = { nodePath, tmpBytes: limits.fileSizeBytes };
    const view: BwrapView = { ...workspaceView({ ...request, workspace }, place), filter };
    const { prefix, isRoot } = await hostUserFor(workspace, view.readOnly);
    const { args, inputs } = bwrapStart(view, limitedCommand(limiter, limits, request.command));
    const bound = isRoot ? boundProcesses(limits.processes, clock) : undefined;
    const [first = bwrap, ...rest] = [...(bound?.prefix ?? []), ...prefix, bwrap, ...args];
    const program = [first, ...rest] as const;
    try {
      return await launch({ spawn, clock, program, inputs, timeoutMs, outputLimitBytes, signal });
    } finally {
      await bound?.end();
    }
  };

  return {
    driver: "bubblewrap",
    probe: (workspace) =>
      probeSandbox({
        spawn,
        clock,
        command: bwrap,
        nodePath,
        limiter,
        ...(workspace === undefined ? {} : { workspace }),
      }),
    run: (request) =>
      resultOf(() => runInside(request), {
        notStarted: explainNotStarted,
        refused: explainRefusal,
      }),
  };
}
