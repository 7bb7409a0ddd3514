import type { IdSource } from "../../src/base/ids.ts";
import { Agent33Error } from "../../src/base/errors.ts";
import { fingerprintOf } from "../../src/learning/fingerprint.ts";
import { qualityOf, thousandthsOf } from "../../src/learning/quality.ts";
import { dayMs, hourMs, type Window } from "../../src/learning/summary.ts";
import type { Backend } from "../../src/store/backend.ts";
import { change, type Program, rows, type SqlValue } from "../../src/store/program.ts";
import type { SignalsTable } from "../../src/store/tables.ts";
import type { Progress } from "../benchmark.ts";
import { recordOptions, signalAt } from "./signals.ts";

export interface FillOptions {
  readonly tenant: string;
  /** Signals, spread evenly over the window, oldest first. */
  readonly count: number;
  readonly window: Window;
  readonly ids: IdSource;
  readonly progress?: Progress;
}

const columns = [
  "tenant",
  "id",
  "type",
  "severity",
  "summary",
  "details",
  "source",
  "context",
  "quality_score",
  "quality_label",
  "quality_reasons",
  "fingerprint",
  "occurrences",
  "recorded_at",
  "last_seen_at",
  "state",
  "provenance",
] as const satisfies readonly (keyof SignalsTable)[];

const rowsAStatement = 500;
const statementsATransaction = 20;
/** PostgreSQL's server then works while the next rows are made here. */
const transactionsAtOnce = 2;
const sampleSize = 1000;

/**
 * Puts signals into an empty tenant, in the state in which recording them one by one would have
 * left it, but in seconds: many rows a statement, and the counts worked out from the rows by SQL.
 */
export async function fill(backend: Backend, options: FillOptions): Promise<void> {
  const { count, progress, tenant } = options;
  const rowsATransaction = rowsAStatement * statementsATransaction;
  const starts = Array.from(
    { length: Math.ceil(count / rowsATransaction) },
    (_, index) => index * rowsATransaction,
  );
  const left = starts.values();
  const worker = async (): Promise<void> => {
    for (const from of left) {
      progress?.(`${backend.kind}: ${from} of ${count} rows are there`);
      const to = Math.min(from + rowsATransaction, count);
      await backend.tables.write(() => insertRange(options, from, to));
    }
  };
  await Promise.all(Array.from({ length: transactionsAtOnce }, worker));
  progress?.(`${backend.kind}: counting`);
  await backend.tables.write(() => countUp(tenant));
}

function* insertRange(options: FillOptions, from: number, to: number): Program<void> {
  for (let start = from; start < to; start += rowsAStatement) {
    const length = Math.min(rowsAStatement, to - start);
    yield* change(
      insertText(length),
      ...Array.from({ length }, (_, index) => valuesOf(options, start + index)).flat(),
    );
  }
}

function insertText(rowCount: number): string {
  const row = `(${columns.map(() => "?").join(", ")})`;
  return `INSERT INTO signals (${columns.join(", ")})
    VALUES ${Array.from({ length: rowCount }, () => row).join(", ")}`;
}

/** When the signal of a number was seen. */
function timeOf({ count, window }: FillOptions, index: number): number {
  return window.from + Math.floor(((window.to - window.from) * index) / count);
}

function valuesOf(options: FillOptions, index: number): readonly SqlValue[] {
  const signal = signalAt(index);
  const quality = qualityOf(signal);
  const at = timeOf(options, index);
  const row: Record<(typeof columns)[number], SqlValue> = {
    tenant: options.tenant,
    id: `LS-${options.ids()}`,
    type: signal.type,
    severity: signal.severity,
    summary: signal.summary,
    details: signal.details,
    source: signal.source,
    context: JSON.stringify(signal.context),
    quality_score: thousandthsOf(quality.score),
    quality_label: quality.label,
    quality_reasons: JSON.stringify(quality.reasons),
    fingerprint: fingerprintOf(signal),
    occurrences: 1,
    recorded_at: at,
    last_seen_at: at,
    state: "open",
    provenance: "recorded",
  };
  return columns.map((column) => row[column]);
}

function* countUp(tenant: string): Program<void> {
  for (const [grain, ms] of Object.entries({ day: dayMs, hour: hourMs })) {
    const bucket = `recorded_at - recorded_at % ${ms}`;
    yield* change(
      `INSERT INTO signal_class_counts (tenant, grain, bucket, type, severity, signals,
         occurrences, quality_total, high_quality)
       SELECT tenant, '${grain}', ${bucket}, type, severity, count(*), sum(occurrences),
         sum(quality_score), sum(CASE quality_label WHEN 'high' THEN 1 ELSE 0 END)
       FROM signals WHERE tenant = ? GROUP BY tenant, ${bucket}, type, severity`,
      tenant,
    );
    yield* change(
      `INSERT INTO signal_source_counts (tenant, grain, bucket, source, signals, occurrences)
       SELECT tenant, '${grain}', ${bucket}, source, count(*), sum(occurrences)
       FROM signals WHERE tenant = ? GROUP BY tenant, ${bucket}, source`,
      tenant,
    );
  }
}

/**
 * Records a sample and fills another tenant with the same: the rows and counts of the two must be
 * equal in all but tenant, ids and seals.
 * @throws Agent33Error `bench.unfair` where they are not
 */
export async function checkFill(backend: Backend, ids: IdSource, window: Window): Promise<void> {
  const [recorded, filled] = ["sample-recorded", "sample-filled"];
  const options: FillOptions = { tenant: filled, count: sampleSize, window, ids };
  const sample = Array.from({ length: sampleSize }, (_, index) => ({
    ...signalAt(index),
    at: timeOf(options, index),
  }));
  await backend.tenant(recorded).signals.recordMany(sample, recordOptions);
  await fill(backend, options);
  for (const [table, ...order] of [
    ["signals", "seq"],
    ["signal_class_counts", "grain", "bucket", "type", "severity"],
    ["signal_source_counts", "grain", "bucket", "source"],
  ]) {
    const rowsOf = (tenant: string): Promise<string> =>
      backend.tables.read(function* () {
        const found = yield* rows(
          `SELECT * FROM ${table} WHERE tenant = ? ORDER BY ${order.join(", ")}`,
          tenant,
        );
        const shown = found.map(
          ({ tenant: _tenant, id: _id, seq: _seq, seal: _seal, spelled: _spelled, ...rest }) =>
            rest,
        );
        return JSON.stringify(shown);
      });
    if ((await rowsOf(recorded)) === (await rowsOf(filled))) continue;
    throw new Agent33Error("bench.unfair", `Filling made other ${table} than recording did.`, {
      hint: "Bring bench/store/fill.ts up to what the repository of signals writes.",
    });
  }
}
