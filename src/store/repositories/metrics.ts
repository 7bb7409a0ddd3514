import {
  type MetricDefinition,
  metricDefinition,
  metricDefinitions,
  unknownMetric,
} from "../../learning/metric.ts";
import {
  type Metric,
  type NewSnapshot,
  parseNewSnapshot,
  type Snapshot,
  snapshotSchema,
  takeSnapshot,
} from "../../learning/metric-snapshot.ts";
import { type Trend, trendOf } from "../../learning/trend.ts";
import { limitOf, type Page, type PageRequest } from "../pages.ts";
import { change, lock, type Program, read, rows, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";
import { type DocumentTable, documentsOf } from "./documents.ts";
import { newId, type OnceOptions } from "./made-once.ts";

/** Which snapshots to list. */
export interface SnapshotFilter extends PageRequest {
  readonly period?: string;
}

/** A value of a metric. */
export interface MetricPoint {
  readonly snapshotId: string;
  readonly period: string;
  /** Milliseconds since the Unix epoch. */
  readonly takenAt: number;
  readonly value: number;
}

/** Where a metric is going, by its last values. */
export interface MetricTrend extends Trend {
  readonly metric: MetricDefinition;
  /** How many values were asked for. */
  readonly periods: number;
  /** Oldest first. */
  readonly values: readonly number[];
}

const snapshotTable: DocumentTable<Snapshot> = {
  table: "metric_snapshots",
  entity: "snapshot",
  kind: {
    noun: "snapshot",
    unknownCode: "learning.unknown_snapshot",
    listCommand: "agent33 learn metrics list",
  },
  schema: snapshotSchema,
  columns: { period: "period", taken_at: "takenAt" },
};

const defaultPeriods = 6;

/** What the metrics of improvement stood at, time after time. */
export function metricsRepository({ tenant, clock, ids }: RepositoryContext) {
  const documents = documentsOf(tenant, snapshotTable);

  /** Newest first. */
  function* pointsOf(metricId: string, limit: number): Program<readonly MetricPoint[]> {
    const found = yield* rows(
      `SELECT s.id, s.period, s.taken_at, v.value FROM metric_values v
       JOIN metric_snapshots s ON s.tenant = v.tenant AND s.seq = v.snapshot_seq
       WHERE v.tenant = ? AND v.metric_id = ? ORDER BY v.snapshot_seq DESC LIMIT ?`,
      tenant,
      metricId,
      limit,
    );
    return found.map((row) => ({
      snapshotId: String(row["id"]),
      period: String(row["period"]),
      takenAt: Number(row["taken_at"]),
      value: Number(row["value"]),
    }));
  }

  /** The metric in the last snapshot that has it. */
  function* lastOf(metricId: string): Program<Metric | undefined> {
    const [point] = yield* pointsOf(metricId, 1);
    const snapshot = point === undefined ? undefined : yield* documents.get(point.snapshotId);
    return snapshot?.metrics.find(({ id }) => id === metricId);
  }

  /** @throws Agent33Error `learning.unknown_metric` */
  function* definitionOf(metricId: string): Program<MetricDefinition> {
    const last = yield* lastOf(metricId);
    if (last !== undefined) {
      const { id, name, unit, polarity, target } = last;
      return { id, name, unit, polarity, target };
    }
    const builtIn = metricDefinition(metricId);
    if (builtIn !== undefined) return builtIn;
    const declared = yield* rows(
      "SELECT DISTINCT metric_id FROM metric_values WHERE tenant = ? ORDER BY metric_id",
      tenant,
    );
    const ids = [
      ...metricDefinitions.map(({ id }) => id),
      ...declared.map((row) => String(row["metric_id"])),
    ];
    throw unknownMetric(metricId, [...new Set(ids)]);
  }

  return {
    /** @throws Agent33Error `learning.bad_snapshot`, `learning.key_reused` */
    snapshot: write(function* (given: NewSnapshot, once: OnceOptions = {}): Program<Snapshot> {
      // Before the database is asked: not every one takes every text.
      const snapshot = parseNewSnapshot(given);
      // The first snapshot with a metric declares it, so two of them take turns.
      yield* lock("metrics", tenant);
      const before = new Map<string, Metric | undefined>();
      for (const { id } of snapshot.metrics) before.set(id, yield* lastOf(id));
      const place = newId("MSN", ids, once, snapshot);
      const known = yield* documents.madeBefore(place);
      if (known !== undefined) return known;
      const made = { id: place.id, tenant, at: clock.now() };
      const taken = takeSnapshot(snapshot, made, (id) => before.get(id));
      const seq = yield* documents.insert(taken);
      for (const { id, value } of taken.metrics) {
        yield* change(
          `INSERT INTO metric_values (tenant, metric_id, snapshot_seq, taken_at, value)
           VALUES (?, ?, ?, ?, ?)`,
          tenant,
          id,
          seq ?? null,
          taken.takenAt,
          value,
        );
      }
      return taken;
    }),
    get: read(documents.get),
    /**
     * The snapshot whose id begins with `prefix`.
     * @throws Agent33Error `learning.unknown_snapshot`, `store.ambiguous_id`
     */
    find: read(documents.find),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: SnapshotFilter = {}): Program<Page<Snapshot>> {
      return yield* documents.list(filter, { period: filter.period });
    }),
    /** The newest snapshot, if there is one. */
    latest: read(function* (): Program<Snapshot | undefined> {
      return yield* documents.newest();
    }),
    /**
     * The last values of a metric, newest first.
     * @param limit from 1; more than 1000 are never given
     * @throws Agent33Error `learning.unknown_metric`, `store.bad_limit`
     */
    history: read(function* (
      metricId: string,
      limit: number = 50,
    ): Program<readonly MetricPoint[]> {
      yield* definitionOf(metricId);
      return yield* pointsOf(metricId, limitOf({ limit }));
    }),
    /**
     * @param periods how many of the last values are compared, from 1; never more than 1000
     * @throws Agent33Error `learning.unknown_metric`, `store.bad_limit`
     */
    trend: read(function* (
      metricId: string,
      periods: number = defaultPeriods,
    ): Program<MetricTrend> {
      const metric = yield* definitionOf(metricId);
      const limit = limitOf({ limit: periods });
      const values = (yield* pointsOf(metricId, limit)).map(({ value }) => value).toReversed();
      return { metric, periods: limit, values, ...trendOf(values, metric.polarity) };
    }),
  };
}
