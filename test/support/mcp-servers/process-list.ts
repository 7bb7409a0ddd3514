import { readdirSync, readFileSync } from "node:fs";

/** Whether a process runs (a zombie does not). Linux only. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !"ZXx".includes(stat.charAt(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Pids of running processes whose command line holds a text, such as a test's own folder. */
export function runningWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return isRunning(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    });
}

/** Polls until a condition holds, for at most `limitMs`. */
export async function eventually(condition: () => boolean, limitMs = 5_000): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 10) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return condition();
}
