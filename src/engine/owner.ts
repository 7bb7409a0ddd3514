import { hostname } from "node:os";
import { systemCodeOf } from "../base/errors.ts";
import type { Host } from "./host.ts";

/** A name for this process among all that share a store: `<machine>:<pid>:<random>`. */
export function ownerName(host: Host): string {
  return `${hostname()}:${host.pid}:${host.ids().slice(-8)}`;
}

/**
 * Whether the process of that name has surely ended: it ran on this machine and its number is not
 * in use. Another process under its number only means that the lease has to run out.
 */
export function ownerGone(owner: string): boolean {
  const [machine, pid] = owner.split(":");
  if (machine !== hostname() || pid === undefined || !/^[1-9][0-9]*$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return systemCodeOf(error) === "ESRCH";
  }
}
