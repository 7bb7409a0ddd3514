import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import { listBackups } from "../store/backup/catalogue.ts";
import { type Position, readPosition } from "../store/journal/position.ts";
import type { Store } from "../store/store.ts";
import type { Host } from "./host.ts";
import { type RecurringWork, recurringWork } from "./recurring-work.ts";
import { backupPlaces, makeBackup } from "./store-backup.ts";

export interface ScheduleParts {
  readonly config: Config;
  readonly host: Host;
  readonly transactions: Pick<Store["transactions"], "snapshot">;
  /** Milliseconds between two looks at whether a backup is due. Default: a minute. */
  readonly lookEveryMs?: number;
}

/** Looks every minute, so that a short command makes none and a long one makes its first soon. */
const usualLookMs = 60_000;

/**
 * Makes backups of the settings' store as the settings say, in child processes. One is due when the
 * store has changed since the last one, or has none in its history.
 */
export function scheduleBackups(parts: ScheduleParts): RecurringWork {
  const { config, host, transactions } = parts;
  // Of its own: ending them ends nothing else.
  const processes = createProcesses(host.clock);
  const { everyMinutes, keep } = config.settings.backup;
  const everyMs = everyMinutes * 60_000;
  const lookMs = parts.lookEveryMs ?? usualLookMs;
  const places = backupPlaces(config, host);
  let failedAt = Number.NEGATIVE_INFINITY;

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

  const work = async (): Promise<void> => {
    if (!isDue()) return;
    const keepJournalDays = config.settings.journal.keepDays;
    const order = { kind: "scheduled", keep, keepJournalDays } as const;
    const { damaged, trouble } = await makeBackup(places, order, host, processes);
    for (const file of damaged) host.warn(`backup: ${file} is damaged and not in the backup.`);
    if (trouble !== undefined) host.warn(`backup: tidying up failed: ${trouble}`);
  };

  return recurringWork({
    lookEveryMs: everyMinutes === 0 ? undefined : lookMs,
    processes,
    work,
    onFailure: ({ code, message }) => {
      // Another process is at it.
      if (code === "store.backup_running") return;
      failedAt = host.clock.monotonic();
      host.warn(`backup: ${code}: ${message} It is tried again in ${everyMinutes} minutes.`);
    },
  });
}

/** A store without a journal does not say whether it has changed. */
function hasChanged(position: Position | undefined, seq: number): boolean {
  return position === undefined || position.seq > seq;
}
