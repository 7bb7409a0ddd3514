import { setImmediate } from "node:timers/promises";
import { collectGarbage } from "../harness.ts";

/** What one piece of work took. */
export interface Reading {
  readonly wallMs: number;
  /** User and system time of this process, its collector included; of no server that it talks to. */
  readonly cpuMs: number;
}

/** Begins with an emptied young generation, so that work pays for its own garbage only. */
export async function settle(): Promise<void> {
  collectGarbage();
  await setImmediate();
}

/**
 * Leaves nothing of the work before to collect, be it tens of megabytes. It costs machine code as
 * well, so the first work after it is not to be read.
 */
export async function settleWholly(): Promise<void> {
  collectGarbage("major");
  await setImmediate();
}

/** Runs work once. */
export async function read(work: () => unknown): Promise<Reading> {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await work();
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs, cpuMs: (user + system) / 1000 };
}

/** The mean of several runs, for work that is too short to be read once. */
export async function readMean(times: number, work: () => unknown): Promise<Reading> {
  const { wallMs, cpuMs } = await read(async () => {
    for (let done = 0; done < times; done += 1) await work();
  });
  return { wallMs: wallMs / times, cpuMs: cpuMs / times };
}
