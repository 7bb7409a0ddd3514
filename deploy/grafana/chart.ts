import type { Label, MetricName } from "../../src/observability/metrics/definitions.ts";

/** One line of a chart, or one number: what Prometheus is asked, and what the answer is called. */
export interface Query {
  readonly expr: string;
  /** With `{{label}}` for the labels of the answer. */
  readonly legend: string;
}

/** One panel. Units are Grafana's: `s`, `short`, `percentunit`, `currencyUSD`. */
export interface Chart {
  readonly title: string;
  /** What it says and when to worry; shown behind the title's sign. */
  readonly about: string;
  readonly kind: "stat" | "time" | "bars" | "table";
  readonly unit: string;
  readonly queries: readonly Query[];
  /** From this value on a number is red. */
  readonly redFrom?: number;
  /** Below this value a number is red. */
  readonly redBelow?: number;
}

export interface Row {
  readonly title: string;
  readonly charts: readonly Chart[];
}

/** One dashboard. */
export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** Whether it can be cut down to some tenants. */
  readonly byTenant?: boolean;
  readonly rows: readonly Row[];
}

/** How far a rate looks back: Grafana chooses it to fit the scrapes and the width of the chart. */
const rateWindow = "$__rate_interval";
/** All that is shown. */
export const shownRange = "$__range";

/**
 * Several engines on one store show the same sums, so what one says is the answer, and a sum over all
 * would be as many times too much.
 */
function ofOne(labels: readonly Label[], inner: (labels: readonly string[]) => string): string {
  const by = labels.length === 0 ? "" : ` by (${labels.join(", ")})`;
  return `max${by} (${inner(["instance", ...labels])})`;
}

const selected = (metric: string, where: string): string =>
  where === "" ? metric : `${metric}{${where}}`;

/** How fast a counter grows, a second. @param where a selector's inside, such as `outcome!="ok"` */
export function rate(metric: MetricName, labels: readonly Label[] = [], where = ""): string {
  return ofOne(
    labels,
    (by) => `sum by (${by.join(", ")}) (rate(${selected(metric, where)}[${rateWindow}]))`,
  );
}

/** By how much a counter has grown. @param range default: all that is shown */
export function growth(
  metric: MetricName,
  labels: readonly Label[] = [],
  { where = "", range = shownRange } = {},
): string {
  return ofOne(
    labels,
    (by) => `sum by (${by.join(", ")}) (increase(${selected(metric, where)}[${range}]))`,
  );
}

/** How a gauge stands. */
export function level(metric: MetricName, labels: readonly Label[] = [], where = ""): string {
  const by = labels.length === 0 ? "" : ` by (${labels.join(", ")})`;
  return `max${by} (${selected(metric, where)})`;
}

/** Below which such a share of a histogram's values lies. */
export function quantile(share: number, metric: MetricName, labels: readonly Label[] = []): string {
  return ofOne(
    labels,
    (by) =>
      `histogram_quantile(${share}, sum by (${[...by, "le"].join(", ")}) (rate(${metric}_bucket[${rateWindow}])))`,
  );
}

/** Millionths of a US dollar as dollars. */
export const usd = (expr: string): string => `${expr} / 1e6`;

/** A share of something that may be nothing: then there is no answer. */
export const share = (part: string, whole: string): string => `${part} / (${whole} > 0)`;
