import { type Metric, type MetricValueWithName, Registry } from "prom-client";
import { other } from "./bounds.ts";
import { labelBounds, type MetricDefinition, type MetricName, metrics } from "./definitions.ts";
import type { Labels, Rollup, Sample } from "./rollup.ts";

/** What stands beside the sums: how things are at this moment, read when somebody asks. */
export type Gauges = Readonly<Partial<Record<MetricName, readonly Sample[]>>>;

/** What is shown of the metrics, in the text format of Prometheus. */
export interface Exposition {
  text(rollup: Rollup, gauges: Gauges): Promise<string>;
}

/**
 * Tenants are shown by name as far as there is room, those that cost most first; one that is shown
 * once is shown until the process ends, so that no series falls.
 */
export function createExposition(): Exposition {
  const shown = new Set<string>();
  return {
    text: (rollup, gauges) => {
      admit(shown, rollup);
      const registry = new Registry();
      for (const [name, definition] of Object.entries(metrics) as [
        MetricName,
        MetricDefinition,
      ][]) {
        const { type, help } = definition;
        const values =
          type === "histogram"
            ? spreadValues(name, definition, rollup)
            : sampleValues(name, gauges[name] ?? rollup.samples(name), shown);
        // The registry asks a metric for no more than this.
        registry.registerMetric({
          name,
          get: async () => ({ name, help, type, values, aggregator: "sum" }),
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
): MetricValueWithName<string>[] {
  const sums = new Map<string, { readonly labels: Labels; value: number }>();
  for (const { labels, value } of samples) {
    const { tenant } = labels;
    const bounded =
      tenant === undefined || shown.has(tenant) ? labels : { ...labels, tenant: other };
    const key = JSON.stringify(bounded);
    const known = sums.get(key);
    if (known === undefined) sums.set(key, { labels: bounded, value });
    else known.value += value;
  }
  return [...sums.values()].map(({ labels, value }) => ({
    metricName: name,
    labels: { ...labels },
    value,
  }));
}

function spreadValues(
  name: MetricName,
  { buckets = [] }: MetricDefinition,
  rollup: Rollup,
): MetricValueWithName<string>[] {
  return rollup.spreads(name).flatMap((spread) => {
    let below = 0;
    const labels = { ...spread.labels };
    return [
      ...buckets.map((end, at) => {
        below += spread.buckets[at] ?? 0;
        return { metricName: `${name}_bucket`, labels: { ...labels, le: end }, value: below };
      }),
      { metricName: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: spread.count },
      { metricName: `${name}_sum`, labels, value: spread.sum },
      { metricName: `${name}_count`, labels, value: spread.count },
    ];
  });
}
