import { join } from "node:path";
import { toAgent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import { lastCheckSchema, readLastCheck, writeLastCheck } from "../store/last-check.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import { databaseFile } from "../store/store.ts";
import type { BackupSchedule } from "./backup-schedule.ts";
import type { Host } from "./host.ts";
import { runStoreChild } from "./store-child.ts";

export interface CheckParts {
  readonly config: Config;
  readonly host: Host;
  readonly dataDir: string;
  /** Milliseconds between two looks at whether a check is due. Default: a minute. */
  readonly lookEveryMs?: number;
}

const usualLookMs = 60_000;
const hourMs = 3_600_000;
const shown = 3;

/**
 * Reads the settings' store from end to end as often as the settings say, in a child process, while
 * this one lives: the look at a start has too little time for it.
 */
export function scheduleChecks(parts: CheckParts): BackupSchedule {
  const { config, host, dataDir } = parts;
  const processes = createProcesses(host.clock);
  const everyMs = config.settings.store.checkEveryHours * hourMs;
  const path = join(dataDir, databaseFile);
  let failedAt = Number.NEGATIVE_INFINITY;
  let closed = false;
  let running: Promise<void> | undefined;

  const isDue = (): boolean => {
    if (host.clock.monotonic() - failedAt < everyMs) return false;
    const last = readLastCheck(dataDir);
    return last === undefined || host.clock.now() - last.at >= everyMs;
  };

  const check = async (): Promise<void> => {
    // Another process is at it, and writes down what it finds.
    const lock = takeLock(join(dataDir, "check.lock"), "alone", 0);
    if (lock === undefined) return;
    try {
      const order = JSON.stringify({ path, at: host.clock.now() });
      const found = await runStoreChild(
        { program: "check", args: [order], source: path, report: lastCheckSchema },
        host,
        processes,
      );
      writeLastCheck(dataDir, found);
      if (found.sound) return;
      const first = found.problems.slice(0, shown).join("; ");
      host.warn(
        `check: the store is damaged (${found.problems.length} findings): ${first}. End what uses it and run \`agent33 store recover\`.`,
      );
    } finally {
      lock.release();
    }
  };

  const make = async (): Promise<void> => {
    try {
      if (isDue()) await check();
    } catch (thrown) {
      if (closed) return;
      const { code, message } = toAgent33Error(thrown);
      failedAt = host.clock.monotonic();
      host.warn(`check: ${code}: ${message}`);
    }
  };

  const look = (): Promise<void> => {
    running ??= make().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer =
    everyMs === 0
      ? undefined
      : setInterval(() => void look(), parts.lookEveryMs ?? usualLookMs).unref();

  return {
    look,
    close: async () => {
      closed = true;
      clearInterval(timer);
      if (running !== undefined) await processes.killAll();
      await running;
    },
  };
}
