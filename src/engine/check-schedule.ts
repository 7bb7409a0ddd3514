import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { createProcesses, type Processes } from "../sandbox/process.ts";
import {
  type LastCheck,
  lastCheckSchema,
  readLastCheck,
  writeLastCheck,
} from "../store/last-check.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import { databaseFile } from "../store/store.ts";
import { damageLine } from "./damage-news.ts";
import type { Host } from "./host.ts";
import { type RecurringWork, recurringWork } from "./recurring-work.ts";
import { runStoreChild } from "./store-child.ts";

export interface CheckParts {
  readonly config: Config;
  readonly host: Host;
  readonly dataDir: string;
  /** Told of a reading that found damage. */
  readonly onDamage: (found: LastCheck) => void;
  /** Milliseconds between two looks at whether a check is due. Default: a minute. */
  readonly lookEveryMs?: number;
}

const usualLookMs = 60_000;
const hourMs = 3_600_000;

/**
 * Reads the settings' store from end to end as often as the settings say, in a child process, while
 * this one lives: the look at a start has too little time for it.
 */
export function scheduleChecks(parts: CheckParts): RecurringWork {
  const { config, host, dataDir, onDamage } = parts;
  const processes = createProcesses(host.clock);
  const everyMs = config.settings.store.checkEveryHours * hourMs;
  let failedAt = Number.NEGATIVE_INFINITY;

  const isDue = (): boolean => {
    if (host.clock.monotonic() - failedAt < everyMs) return false;
    const last = readLastCheck(dataDir);
    return last === undefined || host.clock.now() - last.at >= everyMs;
  };

  const check = async (): Promise<void> => {
    // Where there is nothing, another process is at it, and writes down what it finds.
    const found = await checkStore({ host, dataDir, processes });
    if (found === undefined || found.sound) return;
    host.warn(`check: ${damageLine(found)}`);
    onDamage(found);
  };

  return recurringWork({
    lookEveryMs: everyMs === 0 ? undefined : (parts.lookEveryMs ?? usualLookMs),
    processes,
    work: async () => {
      if (isDue()) await check();
    },
    onFailure: ({ code, message }) => {
      failedAt = host.clock.monotonic();
      host.warn(`check: ${code}: ${message}`);
    },
  });
}

/**
 * Reads a store from end to end in a child process, and writes down beside it what was found.
 * @returns undefined where another process is reading it
 */
export async function checkStore({
  host,
  dataDir,
  processes,
  signal,
}: Pick<CheckParts, "host" | "dataDir"> & {
  readonly processes: Processes;
  readonly signal?: AbortSignal;
}): Promise<LastCheck | undefined> {
  const lock = takeLock(join(dataDir, "check.lock"), "alone", 0);
  if (lock === undefined) return undefined;
  const path = join(dataDir, databaseFile);
  try {
    const order = JSON.stringify({ path, at: host.clock.now() });
    const found = await runStoreChild(
      {
        program: "check",
        args: [order],
        source: path,
        report: lastCheckSchema,
        ...(signal === undefined ? {} : { signal }),
      },
      host,
      processes,
    );
    writeLastCheck(dataDir, found);
    return found;
  } finally {
    lock.release();
  }
}
