import { type ChildProcessWithoutNullStreams, spawn as spawnChild } from "node:child_process";
import { type Readable, Writable } from "node:stream";
import { type Clock, systemClock } from "../base/clock.ts";
import { Agent33Error, isAgent33Error, systemCodeOf } from "../base/errors.ts";
import { killOnExit } from "./exit-guard.ts";
import { inheritedDescriptors } from "./inherited-descriptors.ts";
import {
  hasProcessList,
  noteDescendants,
  type ProcessEntry,
  readProcess,
  type SeenProcesses,
  treeMembers,
} from "./process-tree.ts";
import { spawnFailed } from "./spawn-error.ts";

/** A program to start, without a shell. */
interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The child's whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** What the child can read, each to its end, from its descriptors 3, 4, 5 and so on. */
  readonly inputs?: readonly Uint8Array[];
}

/** How a process ended. One of the two is null. */
interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running child and all that it started: they live and die as one. */
export interface RunningProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the child itself ends; what it leaves behind is killed after that. */
  readonly exited: Promise<ProcessExit>;
  /**
   * Ends the whole tree: SIGTERM, then SIGKILL after `graceMs` (default 2,000). Resolves when no
   * member is left. Calling it again joins the first call and can only shorten its grace.
   * @throws Agent33Error `sandbox.kill_failed` when a member is still there 5 s after SIGKILL
   */
  kill(graceMs?: number): Promise<void>;
}

export interface Processes {
  /** @throws Agent33Error `sandbox.spawn_failed` when the program cannot be started. */
  readonly spawn: (request: ProcessRequest) => Promise<RunningProcess>;
  /** Children of which something is still alive. */
  live(): readonly RunningProcess[];
  /** Ends all of them. */
  killAll(): Promise<void>;
}

const defaultGraceMs = 2_000;
const forcedLimitMs = 5_000;
const noteEveryMs = 200;

/**
 * The one place that starts processes. Each child leads a process group of its own and is killed
 * with everything in it. What hides on purpose (a daemon that leaves its session before it is
 * seen) can get away: against malice there is the sandbox, not the process group.
 */
export function createProcesses(clock: Clock = systemClock): Processes {
  const live = new Set<RunningProcess>();
  return {
    spawn: async (request) => {
      const child = await start(request);
      const running = supervise(child, clock, () => live.delete(running));
      live.add(running);
      return running;
    },
    live: () => [...live],
    killAll: async () => {
      await Promise.all([...live].map((running) => running.kill()));
    },
  };
}

async function start(
  request: ProcessRequest,
): Promise<ChildProcessWithoutNullStreams & { readonly pid: number }> {
  const inputs = request.inputs ?? [];
  const firstFree = 3 + inputs.length;
  const inherited = inheritedDescriptors();
  const stdio = Array.from(
    { length: Math.max(firstFree, ...inherited.map((fd) => fd + 1)) },
    (_, fd) => (fd < firstFree || inherited.includes(fd) ? "pipe" : "ignore"),
  );
  try {
    const child = spawnChild(request.command, [...request.args], {
      cwd: request.cwd,
      env: { ...request.env },
      detached: process.platform !== "win32",
      stdio,
      shell: false,
      windowsHide: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    // A child that ends early leaves dead pipes. Whoever uses them learns of it from the exit;
    // without a listener a stream's EPIPE would end this process.
    for (const stream of child.stdio) stream?.on("error", () => stream.destroy());
    for (let fd = 3; fd < stdio.length; fd += 1) feed(child.stdio[fd], inputs[fd - 3]);
    return child as ChildProcessWithoutNullStreams & { readonly pid: number };
  } catch (error) {
    // The egress guard has said better why.
    if (isAgent33Error(error)) throw error;
    throw spawnFailed(request, error);
  }
}

/** Such a pipe is a socket: its other direction would keep this process awake if it stayed open. */
function feed(
  stream: Readable | Writable | null | undefined,
  bytes: Uint8Array = new Uint8Array(),
): void {
  if (stream instanceof Writable) stream.end(bytes, () => stream.destroy());
}

function supervise(
  child: ChildProcessWithoutNullStreams & { readonly pid: number },
  clock: Clock,
  onGone: () => void,
): RunningProcess {
  const { pid } = child;
  const leader: ProcessEntry = readProcess(pid) ?? {
    pid,
    parent: process.pid,
    group: pid,
    session: pid,
    startTicks: 0,
    ended: false,
  };
  const seen: SeenProcesses = new Map();
  let hasExited = false;
  let killing: Promise<boolean> | undefined;
  let forceAt = Number.POSITIVE_INFINITY;

  const signalTree = (signal: NodeJS.Signals): void => {
    sendSignal(process.platform === "win32" ? pid : -pid, signal);
    for (const member of treeMembers(leader, seen)) {
      if (member.group !== pid) sendSignal(member.pid, signal);
    }
  };
  const isGone = (): boolean => {
    if (!hasExited) return false;
    if (hasProcessList) return treeMembers(leader, seen).length === 0;
    return process.platform === "win32" || !sendSignal(-pid, 0);
  };
  const forgetOnExit = killOnExit(() => signalTree("SIGKILL"));
  const noting = setInterval(() => noteDescendants(pid, seen), noteEveryMs);
  noting.unref();

  const endTree = async (): Promise<boolean> => {
    noteDescendants(pid, seen);
    if (!isGone()) signalTree("SIGTERM");
    let stepMs = 2;
    while (!isGone()) {
      const overdueMs = clock.monotonic() - forceAt;
      if (overdueMs > forcedLimitMs) return false;
      // Again in every round: a member may have started another one meanwhile.
      if (overdueMs >= 0) signalTree("SIGKILL");
      await clock.sleep(stepMs);
      stepMs = Math.min(stepMs * 2, 50);
    }
    clearInterval(noting);
    forgetOnExit();
    child.stdin.destroy();
    onGone();
    return true;
  };
  const end = (graceMs: number): Promise<boolean> => {
    forceAt = Math.min(forceAt, clock.monotonic() + graceMs);
    killing ??= endTree();
    return killing;
  };

  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) => {
      hasExited = true;
      resolve({ code, signal });
      // What the leader left behind goes with it.
      void end(defaultGraceMs);
    });
  });

  return {
    pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    kill: async (graceMs = defaultGraceMs) => {
      if (await end(graceMs)) return;
      // The next call tries again.
      killing = undefined;
      throw new Agent33Error("sandbox.kill_failed", `Processes of group ${pid} cannot be ended.`, {
        hint: "They may belong to another user, or be stuck in the kernel. Look at them with ps.",
        details: { pid, members: treeMembers(leader, seen).map((member) => member.pid) },
      });
    },
  };
}

/** @returns whether there was anybody to receive it */
function sendSignal(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    // EPERM: somebody is there who runs as another user. ESRCH: nobody is.
    return systemCodeOf(error) === "EPERM";
  }
}
