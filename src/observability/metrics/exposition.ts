import {
  type Metric,
  type MetricValueWithName,
  Registry,
  type RegistryContentType,
} from "prom-client";
import { spanIdOf, traceIdOf } from "../traces/span.ts";
import { other } from "./bounds.ts";
import { labelBounds, type MetricDefinition, type MetricName, metrics } from "./definitions.ts";
import type { Example, Labels, Rollup, Sample } from "./rollup.ts";
import type { MetricsForm } from "./form.ts";

/** What stands beside the sums: how things are at this moment, read when somebody asks. */
export type Gauges = Readonly<Partial<Record<MetricName, readonly Sample[]>>>;

/** What is shown of the metrics. Only OpenMetrics has exemplars: the newest call of a series. */
export interface Exposition {
  text(rollup: Rollup, gauges: Gauges, form: MetricsForm): Promise<string>;
}

/** A value with the exemplar that the registry writes behind it. */
type Shown = MetricValueWithName<string> & {
  readonly exemplar?: {
    readonly labelSet: Readonly<Record<string, string>>;
    readonly value: number;
    /** Seconds since the Unix epoch. */
    readonly timestamp: number;
  };
};

/**
 * Tenants are shown by name as far as there is room, those that cost most first; one that is shown
 * once is shown until the process ends, so that no series falls.
 */
export function createExposition(): Exposition {
  const shown = new Set<string>();
  return {
    text: (rollup, gauges, form) => {
      admit(shown, rollup);
      const isOpen = form === "openmetrics";
      const registry = new Registry<RegistryContentType>();
      if (isOpen) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
      for (const [name, definition] of Object.entries(metrics) as [
        MetricName,
        MetricDefinition,
      ][]) {
        const { type, help } = definition;
        // In OpenMetrics the suffix is the sample's, and the registry puts it there.
        const called = isOpen && type === "counter" ? name.replace(/_total$/, "") : name;
        const values =
          type === "histogram"
            ? spreadValues(name, definition, rollup)
            : sampleValues(called, gauges[name] ?? rollup.samples(name), shown);
        // The registry asks a metric for no more than this.
        registry.registerMetric({
          name: called,
          get: async () => ({ name: called, help, type, values, aggregator: "sum" }),
        } as unknown as Metric);
      }
      return registry.metrics();
    },
  };
}

function admit(shown: Set<string>, rollup: Rollup): void {
  const money = new Map<string, number>();
  for (const name of ["agent33_tenant_calls_total", "agent33_tenant_runs_total"] as const) {
    for (const { labels } of rollup.samples(name)) money.set(labels.tenant ?? "", 0);
  }
  for (const { labels, value } of rollup.samples("agent33_tenant_cost_micro_usd_total")) {
    const tenant = labels.tenant ?? "";
    money.set(tenant, (money.get(tenant) ?? 0) + value);
  }
  const byMoney = [...money].toSorted(([, a], [, b]) => b - a).map(([tenant]) => tenant);
  for (const tenant of byMoney) if (shown.size < labelBounds.tenant - 1) shown.add(tenant);
}

function sampleValues(
  name: string,
  samples: readonly Sample[],
  shown: ReadonlySet<string>,
): Shown[] {
  const sums = new Map<string, { readonly labels: Labels; value: number; example?: Example }>();
  for (const { labels, value, example } of samples) {
    const { tenant } = labels;
    const bounded =
      tenant === undefined || shown.has(tenant) ? labels : { ...labels, tenant: other };
    const key = JSON.stringify(bounded);
    const known = sums.get(key);
    const sum = known ?? { labels: bounded, value: 0 };
    sums.set(key, sum);
    sum.value += value;
    if (example !== undefined) sum.example = example;
  }
  return [...sums.values()].map(({ labels, value, example }) => ({
    metricName: name,
    labels: { ...labels },
    value,
    ...shownExample(example),
  }));
}

function spreadValues(
  name: MetricName,
  { buckets = [] }: MetricDefinition,
  rollup: Rollup,
): Shown[] {
  return rollup.spreads(name).flatMap((spread) => {
    let below = 0;
    const labels = { ...spread.labels };
    return [
      ...buckets.map((end, at) => {
        below += spread.buckets[at] ?? 0;
        const example = shownExample(spread.examples?.[at]);
        const shown = { labels: { ...labels, le: end }, value: below };
        return { metricName: `${name}_bucket`, ...shown, ...example };
      }),
      {
        metricName: `${name}_bucket`,
        labels: { ...labels, le: "+Inf" },
        value: spread.count,
        ...shownExample(spread.examples?.[buckets.length]),
      },
      { metricName: `${name}_sum`, labels, value: spread.sum },
      { metricName: `${name}_count`, labels, value: spread.count },
    ];
  });
}

/** As the call's span is named, so that a dashboard leads from a figure to the trace. */
function shownExample(example: Example | null | undefined): Pick<Shown, "exemplar"> {
  if (example === null || example === undefined) return {};
  const { call, run, value, at } = example;
  const trace = run ?? call;
  // 106 of the 128 characters that OpenMetrics allows.
  const labelSet = {
    trace_id: traceIdOf(trace),
    span_id: spanIdOf(trace, `call ${call}`),
    call_id: call,
  };
  return { exemplar: { labelSet, value, timestamp: at / 1000 } };
}
