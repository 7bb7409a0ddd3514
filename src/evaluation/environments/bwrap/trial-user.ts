import { chmod, mkdtemp, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { chooseHostUser, type HostUser } from "../../../sandbox/host-user.ts";
import type { Starter } from "./inside-process.ts";

/**
 * As whom what lies in a folder runs: ourselves, or for root somebody else, where that user can reach
 * the folder.
 */
export async function trialUser(
  folder: string,
  { spawn, clock }: Pick<Starter, "spawn" | "clock">,
): Promise<HostUser> {
  const probe = await mkdtemp(join(folder, "probe-"));
  try {
    // For whoever gets there.
    await chmod(probe, 0o777);
    return await chooseHostUser({
      spawn,
      clock,
      ownId: process.getuid?.(),
      writable: [probe],
      readable: [],
      nodePath: "/bin/sh",
    });
  } finally {
    await rmdir(probe);
  }
}
