import { z } from "zod";
import { type Label, type MetricDefinition, type MetricName, metrics } from "./definitions.ts";

export type Labels = Readonly<Partial<Record<Label, string>>>;

/** One line of a counter or a gauge. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly example?: Example;
}

/** The newest call that is in a sum, so that somebody can go from a figure to what it is made of. */
const example = z.object({
  call: z.string(),
  run: z.string().exactOptional(),
  value: z.number(),
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
});
export type Example = Readonly<z.infer<typeof example>>;

const counted = z.object({
  values: z.array(z.string()),
  value: z.number(),
  example: example.exactOptional(),
});
const spread = z.object({
  values: z.array(z.string()),
  sum: z.number(),
  count: z.number(),
  buckets: z.array(z.number()),
  /** By bucket; one more for what is above the last. */
  examples: z.array(example.nullable()).exactOptional(),
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

  add(name: MetricName, labels: Labels, by = 1, of?: Omit<Example, "value">): void {
    const values = valuesOf(metrics[name], labels);
    const series = this.#counters.get(name) ?? new Map<string, Counted>();
    this.#counters.set(name, series);
    const key = keyOf(values);
    const known = series.get(key) ?? { values, value: 0 };
    series.set(key, known);
    known.value += by;
    if (of !== undefined) known.example = newer(known.example, { ...of, value: by });
  }

  observe(name: MetricName, labels: Labels, value: number, of?: Omit<Example, "value">): void {
    const definition: MetricDefinition = metrics[name];
    const { buckets = [] } = definition;
    const values = valuesOf(definition, labels);
    const series = this.#histograms.get(name) ?? new Map<string, Spread>();
    this.#histograms.set(name, series);
    const key = keyOf(values);
    const fresh: Spread = { values, sum: 0, count: 0, buckets: buckets.map(() => 0) };
    const known = series.get(key) ?? fresh;
    series.set(key, known);
    known.sum += value;
    known.count += 1;
    const at = buckets.findIndex((end) => value <= end);
    if (at !== -1) known.buckets[at] = (known.buckets[at] ?? 0) + 1;
    if (of === undefined) return;
    const place = at === -1 ? buckets.length : at;
    known.examples ??= Array.from({ length: buckets.length + 1 }, () => null);
    known.examples[place] = newer(known.examples[place], { ...of, value });
  }

  samples(name: MetricName): readonly Sample[] {
    return [...(this.#counters.get(name)?.values() ?? [])].map(({ values, ...rest }) => ({
      labels: labelsOf(metrics[name], values),
      ...rest,
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

/** By its time and not by when it was read: tenants are read one after the other. */
function newer(known: Example | null | undefined, one: Example): Example {
  return known === undefined || known === null || one.at >= known.at ? one : known;
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
