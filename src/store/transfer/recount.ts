import type { Backend } from "../backend.ts";
import { change, first, type Program, rows } from "../program.ts";
import { asItStands } from "../seals/checked-text.ts";
import { createSignalTally, type SignalTally } from "../repositories/signal-tally.ts";
import type { Row } from "./rows.ts";
import { countTables } from "./tables.ts";

/** A tenant whose counts are not what its signals add up to. */
export interface Miscounted {
  readonly tenant: string;
  readonly signals: number;
  /** Signals by the counts. The same number may still be of other days, kinds or sources. */
  readonly counted: number;
}

export interface RecountReport {
  readonly place: string;
  readonly dryRun: boolean;
  /** Those that were counted anew, or on a dry run would be. */
  readonly tenants: readonly Miscounted[];
}

/**
 * Makes the counts of signals anew from the signals themselves, for the tenants where they do not
 * agree. A signal that was seen again then counts whole in the hour in which it was recorded: the
 * hours of the repeats are in the counts only.
 * @throws Agent33Error `store.*`
 */
export async function recountSignals(
  backend: Backend,
  { dryRun }: { readonly dryRun: boolean },
): Promise<RecountReport> {
  const tenants = await (dryRun
    ? backend.tables.read(miscounted)
    : backend.tables.write(() => recount(backend.kind)));
  return { place: backend.place, dryRun, tenants };
}

/** Counts the signals of each tenant anew whose counts are wrong; returns what was wrong. */
export function* recount(kind: Backend["kind"]): Program<readonly Miscounted[]> {
  if (kind === "postgres") {
    // A signal that came between the look and the counting would be counted twice or not at all.
    yield* change("LOCK TABLE signals IN SHARE ROW EXCLUSIVE MODE");
  }
  const wrong = yield* miscounted();
  for (const { tenant } of wrong) {
    for (const table of countTables) yield* change(`DELETE FROM ${table} WHERE tenant = ?`, tenant);
    for (const { grain, bucket } of grains) {
      yield* change(
        `INSERT INTO signal_class_counts (tenant, grain, bucket, type, severity,
           signals, occurrences, quality_total, high_quality)
         SELECT tenant, '${grain}', ${bucket}, type, severity, ${sums} FROM signals
         WHERE tenant = ? GROUP BY tenant, ${bucket}, type, severity`,
        tenant,
      );
      yield* change(
        `INSERT INTO signal_source_counts (tenant, grain, bucket, source, signals, occurrences)
         SELECT tenant, '${grain}', ${bucket}, source, count(*), CAST(sum(occurrences) AS BIGINT)
         FROM signals WHERE tenant = ? GROUP BY tenant, ${bucket}, source`,
        tenant,
      );
    }
  }
  return wrong;
}

/**
 * Tenants whose counts are wrong: signals by the hour and day in which they were recorded, times
 * that they were seen, which may be later, over all time.
 *
 * A count that was altered behind the program's back is a wrong one like any other: what is asked is
 * whether it agrees, not whether it is to be believed.
 */
export function* miscounted(): Program<readonly Miscounted[]> {
  const found = yield* rows(
    `SELECT DISTINCT tenant FROM (${differing().join(" UNION ALL ")}) AS wrong ORDER BY tenant`,
  );
  const wrong: Miscounted[] = [];
  for (const { tenant } of found) {
    const row = yield* first(
      `SELECT (SELECT count(*) FROM signals WHERE tenant = ?) AS signals,
         (SELECT CAST(COALESCE(sum(signals), 0) AS BIGINT) FROM ${asItStands} signal_class_counts
          WHERE tenant = ? AND grain = 'day') AS counted`,
      tenant ?? null,
      tenant ?? null,
    );
    const [signals, counted] = [Number(row?.["signals"]), Number(row?.["counted"])];
    wrong.push({ tenant: String(tenant), signals, counted });
  }
  return wrong;
}

const grains = [
  { grain: "hour", bucket: "recorded_at - recorded_at % 3600000" },
  { grain: "day", bucket: "recorded_at - recorded_at % 86400000" },
] as const;

const quality = `CAST(sum(quality_score) AS BIGINT),
  CAST(sum(CASE quality_label WHEN 'high' THEN 1 ELSE 0 END) AS BIGINT)`;
const sums = `count(*), CAST(sum(occurrences) AS BIGINT), ${quality}`;

/** Queries for the tenants of rows that stand on one side only, each pair both ways. */
function differing(): readonly string[] {
  return grains.flatMap(({ grain, bucket }) => {
    const seen = (of: string, from: string): string =>
      `SELECT tenant, ${of}, CAST(sum(occurrences) AS BIGINT) FROM ${from} GROUP BY tenant, ${of}`;
    const pairs = [
      [
        `SELECT tenant, ${bucket}, type, severity, count(*), ${quality} FROM signals
         GROUP BY tenant, ${bucket}, type, severity`,
        `SELECT tenant, bucket, type, severity, signals, quality_total, high_quality
         FROM ${asItStands} signal_class_counts WHERE grain = '${grain}' AND signals > 0`,
      ],
      [
        `SELECT tenant, ${bucket}, source, count(*) FROM signals
         GROUP BY tenant, ${bucket}, source`,
        `SELECT tenant, bucket, source, signals
         FROM ${asItStands} signal_source_counts WHERE grain = '${grain}' AND signals > 0`,
      ],
      ...["type, severity", "source"].map((of) => {
        const table = of === "source" ? "signal_source_counts" : "signal_class_counts";
        return [seen(of, "signals"), seen(of, `${asItStands} ${table} WHERE grain = '${grain}'`)];
      }),
    ];
    return pairs.flatMap(([one = "", other = ""]) => [
      `SELECT tenant FROM (${one} EXCEPT ${other}) AS more`,
      `SELECT tenant FROM (${other} EXCEPT ${one}) AS less`,
    ]);
  });
}

/** Adds signals that came to the counts, as recording them would have. */
export function* countSignals(signals: readonly Row[]): Program<void> {
  const tallies = new Map<string, SignalTally>();
  for (const row of signals) {
    const tenant = String(row["tenant"]);
    const tally = tallies.get(tenant) ?? createSignalTally(tenant);
    tallies.set(tenant, tally);
    tally.add({
      at: Number(row["recorded_at"]),
      type: String(row["type"]),
      severity: String(row["severity"]),
      source: String(row["source"]),
      signals: 1,
      occurrences: Number(row["occurrences"]),
      qualityTotal: Number(row["quality_score"]),
      highQuality: row["quality_label"] === "high" ? 1 : 0,
    });
  }
  // In one order, so that no two writers wait for each other.
  for (const [, tally] of [...tallies].sort(([one], [other]) => (one < other ? -1 : 1))) {
    yield* tally.write();
  }
}
