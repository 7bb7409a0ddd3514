import { statfs } from "node:fs/promises";
import type { Clock } from "../../../base/clock.ts";
import { Agent33Error, toAgent33Error } from "../../../base/errors.ts";
import type { FolderTools } from "./tools.ts";

export interface DiskWatchOptions {
  readonly dir: string;
  /** What the folder may take. */
  readonly limitBytes: number;
  /** What must be left on its disk for everybody else. */
  readonly floorBytes: number;
  readonly tools: FolderTools;
  readonly clock: Clock;
  readonly onExceeded: (error: Agent33Error) => void;
}

const lookEveryMs = 250;
/** Measuring a folder takes time: done when the disk has lost as much as could matter, and now and then. */
const measureEveryMs = 10_000;

/**
 * Watches what a trial takes of the disk until it is ended or has taken too much, once.
 * @returns ends the watch; resolves when nothing of it runs
 */
export function watchDisk(options: DiskWatchOptions): () => Promise<void> {
  const ended = new AbortController();
  const watching = watch(options, ended.signal).catch((error: unknown) => {
    // Without a look nothing would bound it.
    if (!ended.signal.aborted) options.onExceeded(toAgent33Error(error));
  });
  return async () => {
    ended.abort();
    await watching;
  };
}

async function watch(options: DiskWatchOptions, signal: AbortSignal): Promise<void> {
  const { dir, limitBytes, floorBytes, tools, clock, onExceeded } = options;
  let measuredAt = Number.NEGATIVE_INFINITY;
  let freeThen = Number.POSITIVE_INFINITY;
  let roomBytes = limitBytes;
  while (!signal.aborted) {
    const free = await freeBytes(dir);
    if (free < floorBytes) {
      onExceeded(exceeded(`less than ${inMb(floorBytes)} MB are free on its disk`));
      return;
    }
    const isDue = clock.monotonic() - measuredAt > measureEveryMs;
    if (isDue || freeThen - free > roomBytes / 2) {
      const size = (await tools.size(dir)) ?? 0;
      if (size > limitBytes) {
        onExceeded(exceeded(`it took ${inMb(size)} MB of ${inMb(limitBytes)} MB`));
        return;
      }
      measuredAt = clock.monotonic();
      freeThen = free;
      roomBytes = limitBytes - size;
    }
    await clock.sleep(lookEveryMs, signal).catch(() => undefined);
  }
}

/** What ordinary users can still write on the disk of a folder. */
export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

const inMb = (bytes: number): number => Math.round(bytes / (1024 * 1024));

function exceeded(what: string): Agent33Error {
  return new Agent33Error("evaluation.storage_exceeded", `The trial was ended, because ${what}.`, {
    hint: "Raise [environment].storage_mb, or see what fills the disk.",
  });
}
