import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { systemCodeOf } from "../base/errors.ts";

/** A bound on the processes of one command that holds root too. */
export interface ProcessBound {
  /** What to put before the command, so that it begins inside the bound. */
  readonly prefix: readonly string[];
  /** Takes the bound away once nothing is left of the command. */
  end(): Promise<void>;
}

const controlGroups = "/sys/fs/cgroup";
/** bubblewrap's own two come on top of the command's. */
const ownProcesses = 2;
let made = 0;

/**
 * Bounds the processes of a command by a control group, which the kernel holds everybody to: root is
 * exempt from the ordinary limit. Only root can make one, and only where the system lets it.
 * @returns undefined where there can be none
 */
export function boundProcesses(limit: number, clock: Clock): ProcessBound | undefined {
  const parent = parentGroup();
  if (parent === undefined) return undefined;
  made += 1;
  const group = join(parent, `agent33-${process.pid}-${made}`);
  try {
    mkdirSync(group);
  } catch {
    // In a container the control groups are most often shown, but not to be changed.
    return undefined;
  }
  try {
    writeFileSync(join(group, "pids.max"), String(limit + ownProcesses));
  } catch {
    rmdirSync(group);
    return undefined;
  }
  return {
    // The shell adds variables of its own, which the command could read of bubblewrap's process.
    prefix: ["/bin/sh", "-c", `echo 0 > "$0/cgroup.procs" && exec env -i "$@"`, group],
    end: () => removeGroup(group, clock),
  };
}

/** What is to be told where root runs commands and there can be no such bound. */
export const unboundNotice =
  "The limit on processes does not bind: root is exempt, and no control group can be made.";

/** Whether commands can be bounded in this way here. */
export async function canBoundProcesses(clock: Clock): Promise<boolean> {
  const bound = boundProcesses(1, clock);
  await bound?.end();
  return bound !== undefined;
}

/** Below our own group in version 1; in version 2 beside it, for no group of processes has groups. */
function parentGroup(): string | undefined {
  const own = readText("/proc/self/cgroup") ?? "";
  const first = /^\d+:(?:[^:]*,)?pids(?:,[^:]*)?:(.*)$/m.exec(own)?.[1];
  if (first !== undefined) return join(controlGroups, "pids", first);
  const second = /^0::(.*)$/m.exec(own)?.[1];
  if (second === undefined) return undefined;
  for (let group = join(controlGroups, second); ; group = dirname(group)) {
    const handedDown = readText(join(group, "cgroup.subtree_control"))?.trim().split(" ") ?? [];
    if (handedDown.includes("pids")) return group;
    if (!group.startsWith(`${controlGroups}/`)) return undefined;
  }
}

async function removeGroup(group: string, clock: Clock): Promise<void> {
  for (let waitMs = 1; ; waitMs *= 2) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      // The last process is still on its way out. An empty group that stays bothers nobody.
      if (systemCodeOf(error) !== "EBUSY" || waitMs > 500) return;
    }
    await clock.sleep(waitMs);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
