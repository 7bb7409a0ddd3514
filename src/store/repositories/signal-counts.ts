import { scoreOf } from "../../learning/quality.ts";
import { severities } from "../../learning/severity.ts";
import { signalTypes } from "../../learning/signal.ts";
import {
  bucketsOf,
  type SignalCount,
  type SignalSummary,
  type SourceCount,
  type SummaryRequest,
  type SummaryTotals,
  spansOf,
  trendOf,
  type Window,
  windowBefore,
  windowOf,
} from "../../learning/summary.ts";
import { first, type Program, read, rows, type SqlRow, type SqlValue } from "../program.ts";
import type { RepositoryContext } from "./context.ts";

/** A sum of the counts that is not what the signals' own rows add up to. */
export interface CountMismatch {
  readonly counts: string;
  readonly measure: string;
  readonly kept: number;
  readonly expected: number;
}

type Measures = Readonly<Record<string, string>>;

const topSources = 20;

const countSums = `${sumOf("signals", "signal_sum")}, ${sumOf("occurrences", "occurrence_sum")}`;

/** The start of a bucket's day, or of its week: 1 January 1970 is three days after a Monday. */
const seriesStart = {
  day: "bucket - bucket % 86400000",
  week: "bucket - (bucket + 259200000) % 604800000",
} as const;

/** Sums of signals over time. Summaries read the counts only, never the signals. */
export function signalCountsRepository({ tenant, clock }: RepositoryContext) {
  /** A subquery of the counts in a window. Each of its parts is one range of the primary key. */
  function countsIn(table: string, columns: string, window: Window) {
    const spans = spansOf(window);
    const part = `SELECT ${columns} FROM ${table}
      WHERE tenant = ? AND grain = ? AND bucket >= ? AND bucket < ?`;
    return {
      text: `(${spans.map(() => part).join(" UNION ALL ")}) AS counts`,
      parameters: spans.flatMap(({ grain, from, to }): SqlValue[] => [tenant, grain, from, to]),
    };
  }
  function* classesIn(window: Window): Program<readonly SqlRow[]> {
    const columns = "type, severity, signals, occurrences, quality_total, high_quality";
    const { text, parameters } = countsIn("signal_class_counts", columns, window);
    return yield* rows(
      `SELECT type, severity, ${countSums}, ${sumOf("quality_total", "quality_sum")},
         ${sumOf("high_quality", "high_sum")}
       FROM ${text} GROUP BY type, severity`,
      ...parameters,
    );
  }
  function* totalsIn(window: Window): Program<SummaryTotals> {
    const { text, parameters } = countsIn("signal_class_counts", "signals, occurrences", window);
    const { signals, occurrences } = countOf(
      yield* first(`SELECT ${countSums} FROM ${text}`, ...parameters),
    );
    return { ...window, total: signals, occurrences };
  }
  function* topSourcesIn(window: Window): Program<readonly SourceCount[]> {
    const columns = "source, signals, occurrences";
    const { text, parameters } = countsIn("signal_source_counts", columns, window);
    const found = yield* rows(
      `SELECT source, ${countSums} FROM ${text} GROUP BY source
       ORDER BY signal_sum DESC, occurrence_sum DESC, source LIMIT ${topSources}`,
      ...parameters,
    );
    return found.map((row) => ({ source: String(row["source"]), ...countOf(row) }));
  }
  function* seriesIn(window: Window, by: "day" | "week"): Program<SignalSummary["series"]> {
    const columns = `${seriesStart[by]} AS series_start, signals, occurrences`;
    const { text, parameters } = countsIn("signal_class_counts", columns, window);
    const found = yield* rows(
      `SELECT series_start, ${countSums} FROM ${text} GROUP BY series_start`,
      ...parameters,
    );
    const counts = new Map(found.map((row) => [Number(row["series_start"]), countOf(row)]));
    return bucketsOf(window, by).map((bucket) => ({
      ...bucket,
      ...(counts.get(bucket.start) ?? countOf(undefined)),
    }));
  }
  function* compare(counts: string, sums: Measures, from: string, expected: SqlRow | undefined) {
    const list = Object.entries(sums).map(([name, column]) => sumOf(column, name));
    const kept = yield* first(`SELECT ${list.join(", ")} FROM ${from}`, tenant);
    return Object.keys(sums)
      .map((measure) => ({
        counts,
        measure,
        kept: Number(kept?.[measure]),
        expected: Number(expected?.[measure]),
      }))
      .filter((one) => one.kept !== one.expected);
  }
  return {
    /**
     * What was signalled in a window and in the one before.
     * @throws Agent33Error `learning.bad_window`
     */
    summary: read(function* (request: SummaryRequest = {}): Program<SignalSummary> {
      const window = windowOf(request, request.now ?? clock.now());
      const seriesBy = request.by === "week" ? "week" : "day";
      const classes = yield* classesIn(window);
      const top = yield* topSourcesIn(window);
      const series = yield* seriesIn(window, seriesBy);
      const previous = yield* totalsIn(windowBefore(window));
      const { signals, occurrences } = totalOf(classes.map(countOf));
      const quality = addUp(classes, "quality_sum");
      const inTop = totalOf(top);
      return {
        ...window,
        total: signals,
        occurrences,
        averageQuality: signals === 0 ? null : scoreOf(Math.round(quality / signals)),
        highQuality: addUp(classes, "high_sum"),
        byType: countsBy(classes, "type", signalTypes),
        bySeverity: countsBy(classes, "severity", severities),
        bySource: {
          top,
          other: {
            signals: signals - inTop.signals,
            occurrences: occurrences - inTop.occurrences,
          },
        },
        seriesBy,
        series,
        previous,
        trend: trendOf(previous.total, signals),
      };
    }),
    /** Where the counts and the signals' rows differ; nowhere in a sound store. Reads every row. */
    checkCounts: read(function* (): Program<readonly CountMismatch[]> {
      const expected = yield* first(
        `SELECT count(*) AS signals, ${sumOf("occurrences", "occurrences")},
           ${sumOf("quality_score", "quality")},
           ${sumOf("CASE quality_label WHEN 'high' THEN 1 ELSE 0 END", "high_quality")}
         FROM signals WHERE tenant = ?`,
        tenant,
      );
      const seen: Measures = { signals: "signals", occurrences: "occurrences" };
      const all: Measures = { ...seen, quality: "quality_total", high_quality: "high_quality" };
      const mismatches: CountMismatch[] = [];
      for (const grain of ["hour", "day"] as const) {
        const where = `WHERE tenant = ? AND grain = '${grain}'`;
        const classes = `signal_class_counts ${where}`;
        const sources = `signal_source_counts ${where}`;
        mismatches.push(...(yield* compare(`classes by ${grain}`, all, classes, expected)));
        mismatches.push(...(yield* compare(`sources by ${grain}`, seen, sources, expected)));
      }
      return mismatches;
    }),
  };
}

/** PostgreSQL's sum of whole numbers is not a whole number's type, and a sum of none is NULL. */
function sumOf(column: string, name: string): string {
  return `CAST(COALESCE(sum(${column}), 0) AS BIGINT) AS ${name}`;
}

function countOf(row: SqlRow | undefined): SignalCount {
  return {
    signals: Number(row?.["signal_sum"] ?? 0),
    occurrences: Number(row?.["occurrence_sum"] ?? 0),
  };
}

function totalOf(counts: readonly SignalCount[]): SignalCount {
  return {
    signals: counts.reduce((sum, count) => sum + count.signals, 0),
    occurrences: counts.reduce((sum, count) => sum + count.occurrences, 0),
  };
}

function addUp(found: readonly SqlRow[], column: string): number {
  return found.reduce((sum, row) => sum + Number(row[column]), 0);
}

/** The counts of each word, those that did not come up too. */
function countsBy<Word extends string>(
  classes: readonly SqlRow[],
  column: "type" | "severity",
  words: readonly Word[],
): Readonly<Record<Word, SignalCount>> {
  const entries = words.map((word) => [
    word,
    totalOf(classes.filter((row) => row[column] === word).map(countOf)),
  ]);
  return Object.fromEntries(entries) as Record<Word, SignalCount>;
}
