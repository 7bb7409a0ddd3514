import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { Agent33Error, systemCodeOf } from "../../../base/errors.ts";
import { isWithin } from "../../paths.ts";

const limitMs = 10_000;

/**
 * Ends whatever has a folder among its mounts, and waits until it is gone. A process inside cannot
 * hide this: its mounts are made before it starts, and it can change none.
 * @param dir a folder that is shown inside
 * @throws Agent33Error `evaluation.processes_left`
 */
export async function endLeftovers(dir: string, clock: Clock): Promise<void> {
  const startedAt = clock.monotonic();
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 200)) {
    const left = processesIn(dir);
    if (left.length === 0) return;
    if (clock.monotonic() - startedAt > limitMs) {
      throw new Agent33Error(
        "evaluation.processes_left",
        `Processes ${left.join(", ")} of the trial in "${dir}" cannot be ended.`,
        { hint: "They may be stuck in the kernel. Look at them with ps.", details: { dir } },
      );
    }
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        // It ended meanwhile, or belongs to another user; the next look tells.
        if (!["ESRCH", "EPERM"].includes(systemCodeOf(error) ?? "")) throw error;
      }
    }
    await clock.sleep(waitMs);
  }
}

/** Processes that have a folder mounted: proc_pid_mountinfo(5). */
export function processesIn(dir: string): readonly number[] {
  const wanted = mountedName(dir);
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map(Number)
    .filter((pid) => mountsOf(pid).some(({ device, shown }) => wanted === `${device} ${shown}`));
}

interface Mount {
  readonly device: string;
  /** The folder of its file system that is shown. */
  readonly shown: string;
  readonly at: string;
}

function mountsOf(pid: number | "self"): readonly Mount[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  } catch {
    // It ended meanwhile, or has ended and waits for its parent.
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const [, , device, shown, at] = line.split(" ");
    if (device === undefined || shown === undefined || at === undefined) return [];
    return [{ device, shown: plain(shown), at: plain(at) }];
  });
}

/** How a folder is called where it is mounted: its file system's device, and its path in that. */
function mountedName(dir: string): string {
  // The folder itself may be gone, and what runs in it not.
  const real = join(realpathSync(dirname(dir)), basename(dir));
  const around = mountsOf("self").filter(({ at }) => isWithin(at, real));
  // The last of those that are nearest is the one that is seen.
  const mount = around.reduce<Mount | undefined>(
    (best, next) => (best === undefined || next.at.length >= best.at.length ? next : best),
    undefined,
  );
  if (mount === undefined) throw new Error(`"${dir}" lies on no mount`);
  return `${mount.device} ${join(mount.shown, relative(mount.at, real))}`;
}

/** Blanks and the like are written as octal numbers. */
function plain(name: string): string {
  return name.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
