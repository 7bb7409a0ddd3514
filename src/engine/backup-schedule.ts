import { toAgent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import { listBackups } from "../store/backup/catalogue.ts";
import { type Position, readPosition } from "../store/journal/position.ts";
import type { Store } from "../store/store.ts";
import type { Host } from "./host.ts";
import { backupPlaces, makeBackup } from "./store-backup.ts";

export interface ScheduleParts {
  readonly config: Config;
  readonly host: Host;
  readonly transactions: Pick<Store["transactions"], "snapshot">;
  /** Milliseconds between two looks at whether a backup is due. Default: a minute. */
  readonly lookEveryMs?: number;
}

/** Backups while this process lives. */
export interface BackupSchedule {
  /** Makes one if it is due: the store has changed since the last one, or has none in its history. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Looks every minute, so that a short command makes none and a long one makes its first soon. */
const usualLookMs = 60_000;

/** Makes backups of the settings' store as the settings say, in child processes. */
export function scheduleBackups(parts: ScheduleParts): BackupSchedule {
  const { config, host, transactions } = parts;
  // Of its own: ending them ends nothing else.
  const processes = createProcesses(host.clock);
  const { everyMinutes, keep } = config.settings.backup;
  const everyMs = everyMinutes * 60_000;
  const lookMs = parts.lookEveryMs ?? usualLookMs;
  const places = backupPlaces(config, host);
  let failedAt = Number.NEGATIVE_INFINITY;
  let closed = false;
  let running: Promise<void> | undefined;

  const isDue = (): boolean => {
    if (host.clock.monotonic() - failedAt < everyMs) return false;
    const position = transactions.snapshot(readPosition);
    const history = position?.history ?? null;
    const last = listBackups(places.backups).find((one) => one.manifest?.history === history);
    if (last?.manifest === undefined) return true;
    const { at, seq } = last.manifest;
    // Where the time is over only at the next look, that one would be late.
    return host.clock.now() - Date.parse(at) >= everyMs - lookMs && hasChanged(position, seq);
  };

  const make = async (): Promise<void> => {
    try {
      if (!isDue()) return;
      const keepJournalDays = config.settings.journal.keepDays;
      const order = { kind: "scheduled", keep, keepJournalDays } as const;
      const { damaged, trouble } = await makeBackup(places, order, host, processes);
      for (const file of damaged) host.warn(`backup: ${file} is damaged and not in the backup.`);
      if (trouble !== undefined) host.warn(`backup: tidying up failed: ${trouble}`);
    } catch (thrown) {
      const { code, message } = toAgent33Error(thrown);
      // Another process is at it; or this one ends, and its children with it.
      if (closed || code === "store.backup_running") return;
      failedAt = host.clock.monotonic();
      host.warn(`backup: ${code}: ${message} It is tried again in ${everyMinutes} minutes.`);
    }
  };

  const look = (): Promise<void> => {
    running ??= make().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = everyMinutes === 0 ? undefined : setInterval(() => void look(), lookMs).unref();

  return {
    look,
    close: async () => {
      closed = true;
      clearInterval(timer);
      // An unfinished backup is of no use; the next one clears it away.
      if (running !== undefined) await processes.killAll();
      await running;
    },
  };
}

/** A store without a journal does not say whether it has changed. */
function hasChanged(position: Position | undefined, seq: number): boolean {
  return position === undefined || position.seq > seq;
}
