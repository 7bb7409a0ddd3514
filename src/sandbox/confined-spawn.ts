import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, isAbsolute, join, relative } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import { isAgent33Error, systemCodeOf } from "../base/errors.ts";
import { bwrapStart, type BwrapView } from "./bwrap-arguments.ts";
import { explainNotStarted } from "./bwrap-refusal.ts";
import { chooseHostUser } from "./host-user.ts";
import { endedFirst } from "./launch.ts";
import { findLimiter, limitedCommand } from "./limits.ts";
import type { Processes, RunningProcess } from "./process.ts";
import { boundProcesses, unboundNotice } from "./process-cgroup.ts";
import { sandboxUnavailable, wrongMachine } from "./refusal.ts";
import { sandboxLimits } from "./sandbox.ts";
import { seccompFilter } from "./seccomp.ts";
import { started } from "./started.ts";
import { nodeFolder, shownPath } from "./view.ts";

export interface ConfinedSpawnOptions {
  readonly spawn: Processes["spawn"];
  readonly clock?: Clock;
  /** The bubblewrap program. Default: `bwrap`, found on the usual folders. */
  readonly command?: string;
  /** The Node program that `node` starts inside. Default: this process's. */
  readonly nodePath?: string;
}

/** A program that goes on running, such as an MCP server, and what it may see of this machine. */
export interface ConfinedRequest {
  /** A path that is shown inside, or a name that is found on the PATH inside. */
  readonly command: string;
  readonly args: readonly string[];
  /** Where it starts: an empty folder, unless it lies in one that is shown. */
  readonly cwd: string;
  /** Its environment. PATH gets Node's folder first; HOME and TMPDIR are /tmp unless shown. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders that it may read and write, at their own paths. Absolute. */
  readonly writable?: readonly string[];
  /** Files and folders that it may read, at their own paths. Absolute. */
  readonly readOnly?: readonly string[];
  /**
   * Folders and files that are empty inside, where they lie in one that is shown. Absolute. What
   * is not there yet and could be made inside is made, empty; without an extension it is a folder.
   */
  readonly hidden?: readonly string[];
  /** `host` for a server that has hosts to talk to: this machine's network as it is. Default `none`. */
  readonly network?: "none" | "host";
  /** Address space of one process. Default 4 GiB. */
  readonly memoryBytes?: number;
  /** Processes and threads. Default 256. */
  readonly processes?: number;
}

/** A confined program that runs. */
export interface ConfinedProcess extends RunningProcess {
  /** What to tell the person who runs the engine. */
  readonly notices: readonly string[];
}

/**
 * Starts programs that go on running, each in a bubblewrap of its own: with the view, the filter of
 * system calls and the limits of a sandboxed command, but without a limit on its time. What is
 * returned is the program with its three pipes; its end, however it comes, is the end of all that it
 * started.
 * @throws Agent33Error `sandbox.unavailable` when any part of the isolation cannot be had: nothing
 * is running then; `sandbox.folder_refused`, `sandbox.invalid_environment`, `sandbox.kill_failed`
 */
export function createConfinedSpawn(
  options: ConfinedSpawnOptions,
): (request: ConfinedRequest) => Promise<ConfinedProcess> {
  const { spawn, clock = systemClock, command: bwrap = "bwrap" } = options;
  const { nodePath = process.execPath } = options;
  return async (request) => {
    const filter = process.platform === "linux" ? seccompFilter(process.arch) : undefined;
    if (filter === undefined)
      throw sandboxUnavailable(wrongMachine(process.platform, process.arch));
    const limits = sandboxLimits({
      // It may run for as long as it is needed.
      timeoutMs: Number.POSITIVE_INFINITY,
      ...(request.memoryBytes === undefined ? {} : { memoryBytes: request.memoryBytes }),
      ...(request.processes === undefined ? {} : { processes: request.processes }),
    });
    const view = viewOf(request, { nodePath, tmpBytes: limits.fileSizeBytes, filter });
    const limited = limitedCommand(findLimiter(), limits, [request.command, ...request.args]);
    const kept = keepPlaces(view);
    const { args, inputs } = bwrapStart(view, limited);
    const ownId = process.getuid?.();
    const { writable, readOnly: readable } = view;
    const question = { spawn, clock, ownId, writable, readable, nodePath };
    const hostUser = await chooseHostUser(question);
    const bound = hostUser.isRoot ? boundProcesses(limits.processes, clock) : undefined;
    const notices = [
      ...kept.map((path) => `${path} was made, empty, so that no confined program can make it.`),
      ...(hostUser.notice === undefined ? [] : [hostUser.notice]),
      ...(hostUser.isRoot && bound === undefined ? [unboundNotice] : []),
    ];
    const prefix = [...(bound?.prefix ?? []), ...hostUser.prefix];
    const [first = bwrap, ...rest] = [...prefix, bwrap, ...args];
    const [program, ...words] = endedFirst([first, ...rest]);
    let child: RunningProcess;
    try {
      child = await spawn({ command: program, args: words, cwd: "/", env: {}, inputs });
    } catch (error) {
      await bound?.end();
      const notStarted = isAgent33Error(error) && error.code === "sandbox.spawn_failed";
      throw notStarted ? sandboxUnavailable(explainNotStarted(error)) : error;
    }
    // Its tree is gone a moment after its own end; the bound goes with that.
    void child.exited.then(() => bound?.end());
    return { ...(await started(child, clock)), notices };
  };
}

function viewOf(
  request: ConfinedRequest,
  rest: Pick<BwrapView, "nodePath" | "tmpBytes" | "filter">,
): BwrapView {
  const writable = (request.writable ?? []).map(shownPath);
  const readOnly = (request.readOnly ?? []).map(shownPath);
  const shown = [...writable, ...readOnly];
  const { PATH = "/usr/local/bin:/usr/bin:/bin", ...env } = request.env;
  const own = Object.entries(env).filter(
    ([name, value]) => (name !== "HOME" && name !== "TMPDIR") || isShown(value, shown),
  );
  const path = { PATH: `${join(nodeFolder, "bin")}:${PATH}` };
  const { network = "none", hidden = [] } = request;
  return {
    writable,
    readOnly,
    cwd: request.cwd,
    env: { ...Object.fromEntries(own), ...path },
    network,
    hidden,
    ...rest,
  };
}

const isShown = (path: string, shown: readonly string[]): boolean =>
  isAbsolute(path) && shown.some((folder) => !relative(folder, path).startsWith(".."));

/**
 * Only what is there can be covered. What is not there yet, in a folder that the program may write, it
 * could make itself: so it is made first, empty; without an extension it is a folder.
 * @returns what was made
 */
function keepPlaces({ hidden = [], writable }: BwrapView): readonly string[] {
  return hidden.filter((path) => {
    const folder = dirname(path);
    if (existsSync(path) || !existsSync(folder)) return false;
    const real = realpathSync(folder);
    if (!writable.some((shown) => !relative(shown, real).startsWith(".."))) return false;
    return made(path, real);
  });
}

function made(path: string, folder: string): boolean {
  const isFolder = extname(path) === "";
  try {
    if (isFolder) mkdirSync(path);
    else writeFileSync(path, "", { flag: "wx" });
  } catch (error) {
    // Another start was first; or nobody may write there, and so the program neither.
    if (["EEXIST", "EACCES", "EPERM", "EROFS"].includes(systemCodeOf(error) ?? "")) return false;
    throw error;
  }
  if (process.getuid?.() === 0) {
    // As whoever has the folder would have made it: root's own would be in the way of that user.
    const { uid, gid, mode } = statSync(folder);
    chownSync(path, uid, gid);
    chmodSync(path, mode & (isFolder ? 0o777 : 0o666));
  }
  return true;
}
