import { existsSync } from "node:fs";
import { join } from "node:path";
import { putFile } from "../base/disk.ts";
import type { NewSignal } from "../learning/signal.ts";
import type { NewSnapshot } from "../learning/metric-snapshot.ts";
import { listRecoveries, type RecoveryReport } from "../store/recovery/report.ts";

/** Beside the report of a recovery: the store that it made has been told. */
const toldName = "told";

/** The recoveries of a data folder that the store was not told of yet, the oldest first. */
export function untoldRecoveries(dataDir: string): readonly RecoveryReport[] {
  return listRecoveries(dataDir)
    .filter(({ aside }) => aside !== null && !existsSync(join(aside, toldName)))
    .toReversed();
}

export function markTold({ aside }: RecoveryReport): void {
  if (aside !== null) putFile(join(aside, toldName), "", "told");
}

/** What people say of it in one line. */
export function recoveryLine(report: RecoveryReport): string {
  const { backup, journal, lost, orphans, aside } = report;
  const from = [
    ...(backup === null ? [] : ["a backup"]),
    ...(journal === null ? [] : ["the journal"]),
    `${takenOf(report)} rows of the damaged file`,
  ];
  const gone = lost.length + orphans;
  return `The store was damaged and was made whole of ${from.join(", ")}: ${rowsOf(report)} rows, ${gone} known to be lost. The damaged files and a report are in ${aside ?? "their place"}.`;
}

/** The incident that the recovered store itself remembers; grave ones get an intake by rule. */
export function recoverySignal(report: RecoveryReport): NewSignal {
  const { at, before, lost, orphans, backup, journal, aside } = report;
  const gone = lost.length + orphans;
  return {
    type: "incident",
    severity: gone > 0 ? "critical" : "high",
    summary: "The store was damaged and was recovered",
    details: [...before.problems.slice(0, 20), recoveryLine(report)].join("\n").slice(0, 4_000),
    source: "engine:store",
    context: {
      rows: String(rowsOf(report)),
      lost: String(gone),
      fromFile: String(takenOf(report)),
      journalChanges: String(journal?.changes ?? 0),
      backup: backup ?? "none",
      report: aside ?? "",
    },
    idempotencyKey: `recovery:${at}`,
    at,
  };
}

/** The same as numbers that can be watched. */
export function recoveryMetrics(report: RecoveryReport): NewSnapshot {
  const { at, lost, orphans, durationMs } = report;
  const metric = (id: string, value: number, unit: string, polarity: "higher" | "lower") => ({
    id,
    value,
    unit,
    polarity,
  });
  return {
    period: `recovery ${new Date(at).toISOString()}`,
    metrics: [
      { ...metric("store.recovery.lost", lost.length + orphans, "rows", "lower"), target: 0 },
      metric("store.recovery.from-file", takenOf(report), "rows", "lower"),
      metric("store.recovery.duration", durationMs, "milliseconds", "lower"),
    ],
  };
}

function rowsOf({ rows }: RecoveryReport): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

function takenOf({ sources }: RecoveryReport): number {
  return Object.values(sources).reduce((sum, { file }) => sum + file, 0);
}
