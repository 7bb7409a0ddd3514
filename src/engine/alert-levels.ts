import type { Settings } from "../config/schema.ts";
import type { Sample } from "../observability/alerts/evaluate.ts";
import type { Recent } from "../observability/alerts/reader.ts";
import type { Gauges } from "../observability/metrics/exposition.ts";
import { type Label, type MetricName, metrics } from "../observability/metrics/definitions.ts";
import type { Labels } from "../observability/metrics/rollup.ts";
import { periodLabel } from "../boundary/standing-budgets.ts";
import { type Budget, budgetQuantities } from "../store/repositories/budgets.ts";
import type { Store } from "../store/store.ts";
import type { Host } from "./host.ts";

/** How things are now, with more labels than metrics have. */
export type Levels = Readonly<Partial<Record<MetricName, readonly Sample[]>>>;

export interface LevelParts {
  readonly opened: Pick<Store, "backend">;
  readonly settings: Pick<Settings, "budgets" | "alerts" | "routing">;
  readonly host: Pick<Host, "clock">;
}

/** Days of a period of a budget. */
const daysOf = { hour: 1 / 24, day: 1, week: 7, month: 30 } as const;
const percents = [100, 95, 80, 50] as const;
const microUsd = 1_000_000;

/** What alerts ask of the present: budgets, breakers and runs by name. */
export async function alertLevels(
  parts: LevelParts,
  tenants: readonly string[],
  { runs }: Recent,
): Promise<Levels> {
  const { opened, settings, host } = parts;
  const now = host.clock.now();
  const breakers: Sample[] = [];
  const reached: Sample[] = [];
  for (const tenant of tenants) {
    const rows = opened.backend.tenant(tenant);
    for (const { key, state, forced } of await rows.breakers.list()) {
      const shown = forced === null ? state : `forced_${forced.state}`;
      breakers.push({ labels: { state: shown, tenant, breaker: key }, value: 1 });
    }
    reached.push(...(await reachedIn(parts, tenant, now)));
  }
  const money = monthlyMoney(settings);
  return {
    agent33_breakers: breakers,
    agent33_budget_reached_percent: reached,
    agent33_tenant_budget_micro_usd:
      money === undefined ? [] : tenants.map((tenant) => ({ labels: { tenant }, value: money })),
    agent33_run_cost_highest_micro_usd: runs.highest(now),
    agent33_run_cost_usual_micro_usd: runs.usual(now),
    agent33_run_estimate_ratio_median: runs.estimateRatio(now),
    agent33_routing_enabled: [{ labels: {}, value: settings.routing.enabled ? 1 : 0 }],
  };
}

/**
 * What a tenant may spend in thirty days: what the settings say, else the tightest budget per tenant
 * that limits money, as if each of its periods were used up.
 */
export function monthlyMoney({
  alerts,
  budgets,
}: Pick<Settings, "alerts" | "budgets">): number | undefined {
  if (alerts.budgetUsd !== undefined) return Math.round(alerts.budgetUsd * microUsd);
  const sums = Object.values(budgets).flatMap(({ per, period, maxCostMicroUsd }) => {
    if (per !== "tenant" || maxCostMicroUsd === undefined) return [];
    if (period === undefined || period === "forever") return [];
    return [Math.round((maxCostMicroUsd * 30) / daysOf[period])];
  });
  return sums.length === 0 ? undefined : Math.min(...sums);
}

/** The highest share that each budget of the running periods has been said to have reached. */
async function reachedIn(
  { opened, settings }: LevelParts,
  tenant: string,
  now: number,
): Promise<readonly Sample[]> {
  const rows = opened.backend.tenant(tenant);
  const current = (await rows.budgets.list()).filter((row) => isCurrent(row, settings, now));
  const samples: Sample[] = [];
  for (const row of current) {
    const [budget = "", who = "", period = ""] = row.id.split("/");
    for (const limit of budgetQuantities) {
      const most = row.limits[limit];
      if (most === undefined || row.used[limit] < most / 2) continue;
      // What was said once stands, however much is given back afterwards.
      for (const percent of percents) {
        const key = `budget:${row.id}:${limit}:${percent}`;
        const isSaid = (await rows.idempotency.stateOf(key)) !== "fresh";
        if (!isSaid && row.used[limit] < (most * percent) / 100) continue;
        samples.push({ labels: { tenant, budget, who, period, limit }, value: percent });
        break;
      }
    }
  }
  return samples;
}

function isCurrent({ id }: Budget, { budgets }: LevelParts["settings"], now: number): boolean {
  const [name = ""] = id.split("/");
  const period = budgets[name]?.period;
  return period !== undefined && id.endsWith(`/${periodLabel(period, now)}`);
}

/** The same with the labels that metrics have; of those that are alike then the highest. */
export function asGauges(levels: Levels): Gauges {
  const entries = Object.entries(levels) as [MetricName, readonly Sample[]][];
  return Object.fromEntries(
    entries.map(([name, samples]) => {
      const groups = new Map<string, { readonly labels: Labels; readonly value: number }>();
      for (const { labels, value } of samples) {
        const own = Object.fromEntries(
          (metrics[name].labels as readonly Label[]).map((label) => [label, labels[label] ?? ""]),
        );
        const key = JSON.stringify(own);
        const known = groups.get(key);
        if (known === undefined || value > known.value) groups.set(key, { labels: own, value });
      }
      return [name, [...groups.values()]];
    }),
  );
}
