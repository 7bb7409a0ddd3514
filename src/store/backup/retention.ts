import type { BackupEntry } from "./catalogue.ts";
import { type BackupKind, backupKinds } from "./manifest.ts";

/** How many backups of a kind are kept: the newest, and the last one of so many hours and so on. */
export interface Keep {
  readonly newest: number;
  readonly hours: number;
  readonly days: number;
  readonly weeks: number;
  readonly months: number;
}

/** The hour, day, week or month that a time is in, as a text; weeks begin on Mondays. All in UTC. */
const periods = {
  hours: (at: string) => at.slice(0, 13),
  days: (at: string) => at.slice(0, 10),
  weeks: (at: string) => String(Math.floor((Date.parse(at) / 86_400_000 + 3) / 7)),
  months: (at: string) => at.slice(0, 7),
} as const;

/** The kinds that are made without a person's word, each thinned out for itself. */
const ownKinds: readonly BackupKind[] = backupKinds.filter((kind) => kind !== "manual");

/**
 * The backups that are not kept any more. Each kind is counted for itself: backups on schedule do
 * not push out the last one before an upgrade, whose newest is kept in any case. A person's own are
 * nobody's but their maker's to remove, and what has no manifest that can be read may yet be wanted.
 * @param entries newest first
 */
export function surplusOf(entries: readonly BackupEntry[], keep: Keep): readonly BackupEntry[] {
  return ownKinds.flatMap((kind) =>
    surplusOfKind(
      entries.filter(({ manifest }) => manifest?.kind === kind),
      keep,
    ),
  );
}

function surplusOfKind(entries: readonly BackupEntry[], keep: Keep): readonly BackupEntry[] {
  const kept = new Set(entries.slice(0, Math.max(1, keep.newest)));
  for (const unit of ["hours", "days", "weeks", "months"] as const) {
    const seen = new Set<string>();
    for (const entry of entries) {
      const period = periods[unit](entry.manifest?.at ?? "");
      if (seen.has(period)) continue;
      if (seen.size >= keep[unit]) break;
      seen.add(period);
      kept.add(entry);
    }
  }
  return entries.filter((entry) => !kept.has(entry));
}
