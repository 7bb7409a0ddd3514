import { z } from "zod";
import { type Label, type MetricDefinition, type MetricName, metrics } from "./definitions.ts";

export type Labels = Readonly<Partial<Record<Label, string>>>;

/** One line of a counter or a gauge. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const counted = z.object({ values: z.array(z.string()), value: z.number() });
const spread = z.object({
  values: z.array(z.string()),
  sum: z.number(),
  count: z.number(),
  buckets: z.array(z.number()),
});

/** All that a rollup holds, as data. */
export const rollupSchema = z.object({
  counters: z.record(z.string(), z.array(counted)),
  histograms: z.record(z.string(), z.array(spread)),
});
export type RollupState = z.infer<typeof rollupSchema>;

type Counted = z.infer<typeof counted>;
type Spread = z.infer<typeof spread>;

/** Sums over what happened. It can be made again from the store at any time, and comes out the same. */
export class Rollup {
  readonly #counters: Map<string, Map<string, Counted>>;
  readonly #histograms: Map<string, Map<string, Spread>>;

  constructor(state: RollupState = { counters: {}, histograms: {} }) {
    this.#counters = indexed(state.counters);
    this.#histograms = indexed(state.histograms);
  }

  add(name: MetricName, labels: Labels, by = 1): void {
    const values = valuesOf(metrics[name], labels);
    const series = this.#counters.get(name) ?? new Map<string, Counted>();
    this.#counters.set(name, series);
    const key = keyOf(values);
    const known = series.get(key);
    if (known === undefined) series.set(key, { values, value: by });
    else known.value += by;
  }

  observe(name: MetricName, labels: Labels, value: number): void {
    const definition: MetricDefinition = metrics[name];
    const { buckets = [] } = definition;
    const values = valuesOf(definition, labels);
    const series = this.#histograms.get(name) ?? new Map<string, Spread>();
    this.#histograms.set(name, series);
    const key = keyOf(values);
    const fresh = { values, sum: 0, count: 0, buckets: buckets.map(() => 0) };
    const known = series.get(key) ?? fresh;
    series.set(key, known);
    known.sum += value;
    known.count += 1;
    const at = buckets.findIndex((end) => value <= end);
    if (at !== -1) known.buckets[at] = (known.buckets[at] ?? 0) + 1;
  }

  samples(name: MetricName): readonly Sample[] {
    return [...(this.#counters.get(name)?.values() ?? [])].map(({ values, value }) => ({
      labels: labelsOf(metrics[name], values),
      value,
    }));
  }

  spreads(name: MetricName): readonly (Omit<Spread, "values"> & { readonly labels: Labels })[] {
    return [...(this.#histograms.get(name)?.values() ?? [])].map(({ values, ...rest }) => ({
      ...rest,
      labels: labelsOf(metrics[name], values),
    }));
  }

  state(): RollupState {
    return { counters: listed(this.#counters), histograms: listed(this.#histograms) };
  }
}

function valuesOf({ labels }: MetricDefinition, given: Labels): string[] {
  return labels.map((label) => given[label] ?? "");
}

function labelsOf({ labels }: MetricDefinition, values: readonly string[]): Labels {
  return Object.fromEntries(labels.map((label, at) => [label, values[at] ?? ""]));
}

function keyOf(values: readonly string[]): string {
  return JSON.stringify(values);
}

function indexed<T extends { readonly values: readonly string[] }>(
  lists: Readonly<Record<string, readonly T[]>>,
): Map<string, Map<string, T>> {
  return new Map(
    Object.entries(lists).map(([name, list]) => [
      name,
      new Map(list.map((one) => [keyOf(one.values), one])),
    ]),
  );
}

function listed<T>(series: ReadonlyMap<string, ReadonlyMap<string, T>>): Record<string, T[]> {
  return Object.fromEntries([...series].map(([name, one]) => [name, [...one.values()]]));
}
