import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Clock } from "../../base/clock.ts";
import { attempt } from "../../base/result.ts";

const roundMs = 20;
const rounds = 100;

/**
 * Ends what a trial that was killed left running on this machine. Everything that was started for it
 * has its folder in one of the variables of this program, unless it took pains to lose that.
 * @param dir the trial's folder, absolute
 */
export async function endLeftovers(dir: string, clock: Clock): Promise<void> {
  if (!existsSync(dir)) return;
  for (let round = 0; round < rounds; round += 1) {
    const found = markedProcesses(dir);
    if (found.length === 0) return;
    for (const pid of found) attempt(() => process.kill(pid, "SIGKILL"));
    await clock.sleep(roundMs);
  }
}

/** Processes with the folder in a variable that begins with AGENT33_; Linux alone says so. */
function markedProcesses(dir: string): readonly number[] {
  if (!existsSync("/proc/self/environ")) return [];
  // The variables are bytes, and are compared as such.
  const place = Buffer.from(`${dir}/`).toString("latin1");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      if (pid === process.pid) return false;
      // Processes of others are closed to us, and gone ones are gone.
      const read = attempt(() => readFileSync(`/proc/${pid}/environ`, "latin1"));
      if (!read.ok || !read.value.includes(place)) return false;
      return read.value.split("\0").some((entry) => {
        const [name = "", value = ""] = split(entry);
        return name.startsWith("AGENT33_") && `${value}/`.startsWith(place);
      });
    });
}

function split(entry: string): readonly string[] {
  const at = entry.indexOf("=");
  return at === -1 ? [entry] : [entry.slice(0, at), entry.slice(at + 1)];
}
