import { z } from "zod";
import type { Told } from "../feed/feed.ts";
import type { Bounds } from "../metrics/bounds.ts";
import { count } from "../metrics/count.ts";
import { type MetricName, metrics } from "../metrics/definitions.ts";
import { type Labels, Rollup } from "../metrics/rollup.ts";
import { Spend } from "../spend/spend.ts";
import type { Sample } from "./evaluate.ts";
import { spanMs } from "./expression.ts";

const minuteMs = spanMs("1m");
const hourMs = spanMs("1h");
/** Minutes are kept for this long, hours for {@link keepHoursMs}. */
const keepMinutesMs = spanMs("25h");
const keepHoursMs = spanMs("193h");

const bucketsSchema = z.record(z.string(), z.array(z.tuple([z.int().min(0), z.number()])));
/** All that windows hold, as data. */
export const windowsSchema = z.object({
  series: z.array(z.object({ metric: z.string(), labels: z.record(z.string(), z.string()) })),
  minutes: bucketsSchema,
  hours: bucketsSchema,
  last: z.record(z.string(), z.number()),
});
export type WindowsState = z.infer<typeof windowsSchema>;

interface Series {
  readonly metric: string;
  readonly labels: Record<string, string>;
}

/** Growth by series within one bucket of time. */
type Bucket = Map<number, number>;

/**
 * How much counters grew, by the minute and by the hour: what a rule needs to ask for the last five
 * minutes or seven days, however often the process was restarted. What is counted is what the
 * metrics count, at the time at which it happened.
 */
export class Windows {
  readonly #wanted: ReadonlySet<string>;
  readonly #series: Series[] = [];
  readonly #ids = new Map<string, number>();
  readonly #minutes = new Map<number, Bucket>();
  readonly #hours = new Map<number, Bucket>();
  readonly #last: Map<string, number>;
  #fresh: boolean;

  /** @param wanted the counters that rules ask about; nothing else is kept */
  constructor(wanted: readonly MetricName[], state?: WindowsState) {
    this.#wanted = new Set(wanted);
    this.#fresh = state === undefined;
    this.#last = new Map(Object.entries(state?.last ?? {}));
    const ids = (state?.series ?? []).map(({ metric, labels }) => this.#idOf(metric, labels));
    const fill = (into: Map<number, Bucket>, from: WindowsState["minutes"]): void => {
      for (const [at, pairs] of Object.entries(from)) {
        const known = pairs.flatMap(([index, value]): [number, number][] => {
          const id = ids[index];
          return id === undefined ? [] : [[id, value]];
        });
        into.set(Number(at), new Map(known));
      }
    };
    fill(this.#minutes, state?.minutes ?? {});
    fill(this.#hours, state?.hours ?? {});
  }

  /** Counts one thing that happened; what is older than any window is left out. */
  add(told: Told, bounds: Bounds, now: number): void {
    const at = told.kind === "call" ? told.call.at + told.call.durationMs : told.event.at;
    if (at < now - keepHoursMs) return;
    const counted = new Rollup();
    count(told, { rollup: counted, bounds, spend: new Spend() });
    for (const metric of this.#wanted) {
      for (const { labels, value } of counted.samples(metric as MetricName)) {
        this.#grow(this.#idOf(metric, labels), value, Math.min(at, now), now);
      }
    }
  }

  /**
   * Notes where a counter stands that is not made of what happened, such as that of an export. The
   * first look of all only begins it; one that comes later began at 0.
   */
  note(levels: Readonly<Partial<Record<MetricName, readonly Sample[]>>>, now: number): void {
    for (const metric of this.#wanted) {
      for (const { labels, value } of levels[metric as MetricName] ?? []) {
        const id = this.#idOf(metric, labels as Labels);
        const key = keyOf(metric, labels as Labels);
        const before = this.#last.get(key) ?? (this.#fresh ? value : 0);
        if (value > before) this.#grow(id, value - before, now, now);
        this.#last.set(key, value);
      }
    }
    this.#fresh = false;
  }

  /** How much each series grew in a time until now; those that did not grow are among them. */
  increases(metric: MetricName, windowMs: number, now: number): readonly Sample[] {
    const wide = windowMs > keepMinutesMs - hourMs;
    const [buckets, sizeMs] = wide ? [this.#hours, hourMs] : [this.#minutes, minuteMs];
    const sums = new Map<number, number>();
    for (const [id, series] of this.#series.entries())
      if (series.metric === metric) sums.set(id, 0);
    if (sums.size === 0) return [];
    // Of a bucket that is partly in the window the nearer half counts.
    const from = now - windowMs - sizeMs / 2;
    for (const [at, bucket] of buckets) {
      if (at <= from) continue;
      for (const [id, value] of bucket) {
        const sum = sums.get(id);
        if (sum !== undefined) sums.set(id, sum + value);
      }
    }
    return [...sums].map(([id, value]) => ({ labels: this.#series[id]?.labels ?? {}, value }));
  }

  /** Forgets what no window reaches. */
  prune(now: number): void {
    for (const at of this.#minutes.keys()) if (at < now - keepMinutesMs) this.#minutes.delete(at);
    for (const at of this.#hours.keys()) if (at < now - keepHoursMs) this.#hours.delete(at);
  }

  state(): WindowsState {
    const used = new Set(
      [...this.#minutes.values(), ...this.#hours.values()].flatMap((bucket) => [...bucket.keys()]),
    );
    const kept = [...used].toSorted((a, b) => a - b);
    const placeOf = new Map(kept.map((id, place) => [id, place]));
    const listed = (buckets: ReadonlyMap<number, Bucket>) =>
      Object.fromEntries(
        [...buckets].map(([at, bucket]) => [
          String(at),
          [...bucket].map(([id, value]): [number, number] => [placeOf.get(id) ?? 0, value]),
        ]),
      );
    return {
      series: kept.map((id) => this.#series[id] ?? { metric: "", labels: {} }),
      minutes: listed(this.#minutes),
      hours: listed(this.#hours),
      last: Object.fromEntries(this.#last),
    };
  }

  #grow(id: number, by: number, at: number, now: number): void {
    const add = (buckets: Map<number, Bucket>, start: number): void => {
      const bucket = buckets.get(start) ?? new Map<number, number>();
      buckets.set(start, bucket);
      bucket.set(id, (bucket.get(id) ?? 0) + by);
    };
    if (at >= now - keepMinutesMs) add(this.#minutes, at - (at % minuteMs));
    add(this.#hours, at - (at % hourMs));
  }

  #idOf(metric: string, labels: Labels): number {
    const key = keyOf(metric, labels);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#series.length;
    this.#series.push({ metric, labels: ownLabels(metric, labels) });
    this.#ids.set(key, id);
    return id;
  }
}

function ownLabels(metric: string, labels: Labels): Record<string, string> {
  const known = Object.hasOwn(metrics, metric) ? metrics[metric as MetricName].labels : [];
  return Object.fromEntries(known.map((label) => [label, labels[label] ?? ""]));
}

function keyOf(metric: string, labels: Labels): string {
  return `${metric} ${JSON.stringify(ownLabels(metric, labels))}`;
}
