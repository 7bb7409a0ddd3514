import { readdirSync, readFileSync } from "node:fs";

/** A process as the kernel lists it: `/proc/<pid>/stat`, see proc_pid_stat(5). */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot. With the pid it names one process: pids are used again, this is not. */
  readonly startTicks: number;
  /** Ended, and only waiting for its parent to look: nothing is left to kill. */
  readonly ended: boolean;
}

/** Pids seen below a leader, each with its start, so that a recycled pid is not mistaken for it. */
export type SeenProcesses = Map<number, number>;

/** Whether this system has the process list that the functions here read. */
export const hasProcessList = process.platform === "linux";

/** The process with this pid, or undefined if there is none (or no list to look it up in). */
export function readProcess(pid: number): ProcessEntry | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command's name is in parentheses and may hold anything, parentheses and spaces too.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0] ?? "";
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
    ended: state === "Z" || state === "X" || state === "x",
  };
}

function listProcesses(): readonly ProcessEntry[] {
  if (!hasProcessList) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/**
 * Everything alive that belongs to a leader: its process group, its session, what descends from
 * either, and what was seen below it earlier and has since been adopted by another parent.
 * Empty where the system has no process list.
 */
export function treeMembers(leader: ProcessEntry, seen: SeenProcesses): readonly ProcessEntry[] {
  const all = listProcesses();
  const members = new Map<number, ProcessEntry>();
  const belongs = (entry: ProcessEntry): boolean => {
    // Nothing older than the leader can be its work, whatever its numbers say.
    if (entry.startTicks < leader.startTicks || entry.pid === process.pid) return false;
    return (
      entry.group === leader.pid ||
      entry.session === leader.pid ||
      seen.get(entry.pid) === entry.startTicks ||
      members.has(entry.parent)
    );
  };
  let grew = true;
  while (grew) {
    grew = false;
    for (const entry of all) {
      if (members.has(entry.pid) || !belongs(entry)) continue;
      members.set(entry.pid, entry);
      grew = true;
    }
  }
  return [...members.values()].filter((entry) => !entry.ended);
}

/**
 * Notes the present descendants of a leader and forgets those that ended. A child that leaves its
 * group and whose parent then exits can be found afterwards only if it was seen before. Reads the
 * kernel's children lists, so that the cost grows with the tree and not with the machine.
 */
export function noteDescendants(leaderPid: number, seen: SeenProcesses): void {
  if (!hasProcessList) return;
  for (const [pid, startTicks] of seen) {
    if (readProcess(pid)?.startTicks !== startTicks) seen.delete(pid);
  }
  const queue = [leaderPid, ...seen.keys()];
  for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
    for (const pid of childrenOf(parent)) {
      const entry = seen.has(pid) ? undefined : readProcess(pid);
      if (entry === undefined) continue;
      seen.set(pid, entry.startTicks);
      queue.push(pid);
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  // Each thread has its own list of the children that it made.
  return readProcFolder(`/proc/${pid}/task`).flatMap((thread) =>
    (readProcFile(`/proc/${pid}/task/${thread}/children`) ?? "")
      .split(" ")
      .filter((word) => word !== "")
      .map(Number),
  );
}

/** A process may end between listing and reading: then its files are simply not there any more. */
function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function readProcFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
