import type { BackupEntry } from "./catalogue.ts";

/** How many scheduled backups are kept: the newest, and the last one of so many hours and so on. */
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

/**
 * The scheduled backups that are not kept any more. Others are nobody's but their maker's to
 * remove, and what has no manifest that can be read may yet be wanted.
 * @param entries newest first
 */
export function surplusOf(entries: readonly BackupEntry[], keep: Keep): readonly BackupEntry[] {
  const scheduled = entries.filter(({ manifest }) => manifest?.kind === "scheduled");
  const kept = new Set(scheduled.slice(0, keep.newest));
  for (const unit of ["hours", "days", "weeks", "months"] as const) {
    const seen = new Set<string>();
    for (const entry of scheduled) {
      const period = periods[unit](entry.manifest?.at ?? "");
      if (seen.has(period)) continue;
      if (seen.size >= keep[unit]) break;
      seen.add(period);
      kept.add(entry);
    }
  }
  return scheduled.filter((entry) => !kept.has(entry));
}
