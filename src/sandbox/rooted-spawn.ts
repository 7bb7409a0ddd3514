import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import { isAgent33Error } from "../base/errors.ts";
import { hiddenProcFiles } from "./bwrap-arguments.ts";
import { explainNotStarted } from "./bwrap-refusal.ts";
import type { HostUser } from "./host-user.ts";
import { endedFirst } from "./launch.ts";
import { findLimiter, limitedCommand } from "./limits.ts";
import type { Processes, RunningProcess } from "./process.ts";
import { boundProcesses } from "./process-cgroup.ts";
import { sandboxUnavailable, wrongMachine } from "./refusal.ts";
import type { SandboxLimits } from "./sandbox.ts";
import { seccompFilter } from "./seccomp.ts";
import { started } from "./started.ts";
import { environmentInside } from "./view.ts";

/** Something of the host, shown inside over what the root folder has there. */
export interface RootedMount {
  readonly from: string;
  /** Absolute, as seen from inside. */
  readonly path: string;
  readonly writable: boolean;
}

/** A command over a root folder of its own. */
export interface RootedRequest {
  readonly command: string;
  readonly args: readonly string[];
  /** As seen from inside. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The folder that is `/` inside, read and written. Nobody else may write in it meanwhile. */
  readonly root: string;
  /** In the order in which they are made. */
  readonly mounts: readonly RootedMount[];
  readonly limits: SandboxLimits;
  /** As whom it runs on the host; inside it is root. */
  readonly user: HostUser;
}

export interface RootedSpawnOptions {
  readonly spawn: Processes["spawn"];
  readonly clock?: Clock;
  /** The bubblewrap program. Default: `bwrap`, found on the usual folders. */
  readonly command?: string;
}

/** It is memory of the host, for all that runs in one start. */
const sharedMemoryBytes = 256 * 1024 * 1024;

/**
 * The system's own folders at the top of a root folder: links into /usr, or folders that are shown.
 * @returns for each where the link leads, or undefined for a folder
 */
export function systemFolders(): ReadonlyMap<string, string | undefined> {
  const folders = new Map<string, string | undefined>([["usr", undefined]]);
  for (const name of ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]) {
    const entry = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (entry === undefined) continue;
    folders.set(name, entry.isSymbolicLink() ? readlinkSync(`/${name}`) : undefined);
  }
  return folders;
}

/**
 * Starts programs over a root folder of their own: that folder is `/`, read and written; the host's
 * /usr is read-only and its /usr/local that of the root folder. User 0 without any capability, no
 * network, processes and devices of their own, the filter of system calls, limits. What is started
 * ends with it.
 * @throws Agent33Error `sandbox.unavailable` when any part of the isolation cannot be had: nothing
 * is running then; `sandbox.invalid_environment`, `sandbox.kill_failed`
 */
export function createRootedSpawn(
  options: RootedSpawnOptions,
): (request: RootedRequest) => Promise<RunningProcess> {
  const { spawn, clock = systemClock, command: bwrap = "bwrap" } = options;
  return async (request) => {
    const filter = process.platform === "linux" ? seccompFilter(process.arch) : undefined;
    if (filter === undefined)
      throw sandboxUnavailable(wrongMachine(process.platform, process.arch));
    const { limits, user } = request;
    const words = rootedOptions(request).flat();
    // The options go through descriptor 3, which the command cannot read; the filter through 4.
    const inputs = [Buffer.from(words.map((word) => `${word}\0`).join("")), filter];
    const limited = limitedCommand(findLimiter(), limits, [request.command, ...request.args]);
    const bound = user.isRoot ? boundProcesses(limits.processes, clock) : undefined;
    const whole = [...(bound?.prefix ?? []), ...user.prefix, bwrap, "--args", "3", "--"];
    const [first = bwrap, ...rest] = [...whole, ...limited];
    const [program, ...args] = endedFirst([first, ...rest]);
    let child: RunningProcess;
    try {
      child = await spawn({ command: program, args, cwd: "/", env: {}, inputs });
    } catch (error) {
      await bound?.end();
      const notStarted = isAgent33Error(error) && error.code === "sandbox.spawn_failed";
      throw notStarted ? sandboxUnavailable(explainNotStarted(error)) : error;
    }
    // Its tree is gone a moment after its own end; the bound goes with that.
    void child.exited.then(() => bound?.end());
    return started(child, clock);
  };
}

function rootedOptions(request: RootedRequest): readonly (readonly string[])[] {
  const { root, mounts, limits } = request;
  const folders = [...systemFolders()].filter(([, link]) => link === undefined);
  const hidden = hiddenProcFiles.map((name) => `/proc/${name}`).filter((path) => existsSync(path));
  return [
    // `--disable-userns` needs `--unshare-user` by name.
    ["--unshare-user"],
    ["--unshare-all"],
    ["--disable-userns"],
    ["--die-with-parent"],
    ["--new-session"],
    ["--cap-drop", "ALL"],
    ["--uid", "0"],
    ["--gid", "0"],
    ["--hostname", "trial"],
    ["--clearenv"],
    ...Object.entries(environmentInside(request)).map(([name, value]) => ["--setenv", name, value]),
    ["--seccomp", "4"],
    ["--bind", root, "/"],
    ...folders.map(([name]) => ["--ro-bind", `/${name}`, `/${name}`]),
    ["--bind", join(root, "usr", "local"), "/usr/local"],
    ["--proc", "/proc"],
    ...hidden.map((path) => ["--ro-bind", "/dev/null", path]),
    // Where the engine runs as root, the command owns the files of /proc/sys.
    ["--remount-ro", "/proc"],
    ["--dev", "/dev"],
    ["--size", String(Math.min(limits.fileSizeBytes, sharedMemoryBytes)), "--tmpfs", "/dev/shm"],
    ["--remount-ro", "/dev"],
    ...mounts.map(({ from, path, writable }) => [writable ? "--bind" : "--ro-bind", from, path]),
    ["--chdir", request.cwd],
  ];
}
