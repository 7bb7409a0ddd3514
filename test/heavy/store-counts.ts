import type { SQLOutputValue } from "node:sqlite";

/** Asks a store's file. */
export type All = (sql: string) => readonly Record<string, SQLOutputValue>[];

/**
 * Where the counts of signals are not what the signals' rows add up to: signals by the time at
 * which they were recorded; occurrences, which are later, in all.
 */
export function countMismatches(all: All): readonly string[] {
  const found: string[] = [];
  const compare = (sums: string, kept: string, expected: string) => {
    const [keptRows, expectedRows] = [kept, expected].map((sql) =>
      all(sql)
        .map((row) => JSON.stringify(row))
        .sort()
        .join("\n"),
    );
    if (keptRows !== expectedRows) {
      found.push(`counts of ${sums}: kept ${keptRows}, of the rows ${expectedRows}`);
    }
  };
  for (const [grain, ms] of [
    ["hour", 3_600_000],
    ["day", 86_400_000],
  ] as const) {
    const of = `WHERE grain = '${grain}'`;
    const bucket = `recorded_at - recorded_at % ${ms}`;
    compare(
      `signals by ${grain} and class`,
      `SELECT tenant, bucket, type, severity, signals AS n, quality_total AS q, high_quality AS h
       FROM signal_class_counts ${of} AND signals > 0`,
      `SELECT tenant, ${bucket} AS bucket, type, severity, count(*) AS n, sum(quality_score) AS q,
         sum(quality_label = 'high') AS h FROM signals GROUP BY 1, 2, 3, 4`,
    );
    compare(
      `signals by ${grain} and source`,
      `SELECT tenant, bucket, source, signals AS n FROM signal_source_counts ${of} AND signals > 0`,
      `SELECT tenant, ${bucket} AS bucket, source, count(*) AS n FROM signals GROUP BY 1, 2, 3`,
    );
    compare(
      `occurrences by ${grain}: class`,
      `SELECT tenant, type, severity, sum(occurrences) AS n FROM signal_class_counts ${of} GROUP BY 1, 2, 3`,
      "SELECT tenant, type, severity, sum(occurrences) AS n FROM signals GROUP BY 1, 2, 3",
    );
    compare(
      `occurrences by ${grain}: source`,
      `SELECT tenant, source, sum(occurrences) AS n FROM signal_source_counts ${of} GROUP BY 1, 2`,
      "SELECT tenant, source, sum(occurrences) AS n FROM signals GROUP BY 1, 2",
    );
  }
  return found;
}
