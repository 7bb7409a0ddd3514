import { join } from "node:path";
import { messageOf } from "../base/errors.ts";
import { packageVersion } from "../base/version.ts";
import { pricesOf } from "../models/prices.ts";
import type { Exposition, Gauges } from "../observability/metrics/exposition.ts";
import type { Place } from "../observability/feed/feed.ts";
import { type MetricsForm, metricsContentTypes } from "../observability/metrics/form.ts";
import { createMetricsReader } from "../observability/metrics/reader.ts";
import type { Sample } from "../observability/metrics/rollup.ts";
import {
  type SpendQuestion,
  type SpendSummary,
  summarize,
} from "../observability/spend/summary.ts";
import { readLastCheck } from "../store/last-check.ts";
import { listRecoveries } from "../store/recovery/report.ts";
import type { Budget } from "../store/repositories/budgets.ts";
import { budgetQuantities } from "../store/repositories/budgets.ts";
import type { Store } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import { feedSource } from "./feed.ts";
import type { Host } from "./host.ts";

/** What an operator watches, over all tenants of the store. */
export interface Metrics {
  /**
   * The text that Prometheus reads. Sums come from the store, so they are the same after a restart.
   * @param form `openmetrics` has the newest call of each series of calls as its exemplar
   */
  text(form?: MetricsForm): Promise<string>;
  /** Of {@link text}, as an HTTP header says it. */
  contentType(form?: MetricsForm): string;
  /** Keeps the sums for good before anything of the store is removed. @returns how far they go */
  preserve(): Promise<Place>;
  /** How things are at this moment, without the sums and without how exports stand. */
  gauges(tenants: readonly string[]): Promise<Gauges>;
  /** What calls came to, from the same sums: by tenant, model, effort, outcome, connector and time. */
  spend(question: SpendQuestion): Promise<SpendSummary>;
  close(): Promise<void>;
}

export interface MetricsParts {
  readonly opened: Store;
  readonly dataDir: string;
  readonly host: Host;
  readonly audit: Pick<Audit, "settle">;
  /** How exports and alerts stand. */
  readonly exports: () => Promise<Gauges>;
}

/** Beside the store: what telemetry keeps, all of which can be made again. */
export const telemetryFolder = "telemetry";

export function createMetrics(parts: MetricsParts): Metrics {
  const { opened, dataDir, host, audit, exports } = parts;
  const source = feedSource(opened);
  let exposition: Promise<Exposition> | undefined;
  const folder = join(dataDir, telemetryFolder);
  /** With all calls that are over, those of the last second too. */
  const upToDate = async (tenants: readonly string[]) => {
    await audit.settle(tenants);
    return reader.read();
  };
  const reader = createMetricsReader({
    source,
    path: join(folder, "metrics.json"),
    basePath: join(folder, "metrics-base.json"),
    mark: String(host.pid),
    hashAt: async (tenant, position) => {
      const [entry] = await opened.backend
        .tenant(tenant)
        .auditChain.entries({ after: position - 1, limit: 1 });
      return entry?.link.hash;
    },
    warn: host.warn,
  });
  return {
    contentType: (form = "prometheus") => metricsContentTypes[form],
    text: async (form = "prometheus") => {
      const tenants = await source.tenants();
      const { rollup } = await upToDate(tenants);
      const gauges = { ...(await gaugesOf(parts, tenants)), ...(await exports()) };
      // The library is of use to few commands, and no other should wait for it.
      exposition ??= import("../observability/metrics/exposition.ts").then((room) =>
        room.createExposition(),
      );
      return (await exposition).text(rollup, gauges, form);
    },
    preserve: reader.preserve,
    gauges: (tenants) => gaugesOf(parts, tenants),
    spend: async (question) => {
      const { spend } = await upToDate(await source.tenants());
      return summarize(spend, question);
    },
    close: () => reader.close(),
  };
}

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];

async function gaugesOf(
  { opened, dataDir, host }: MetricsParts,
  tenants: readonly string[],
): Promise<Gauges> {
  let waiting = 0;
  const budgets: Budget[] = [];
  const states = new Map<string, number>();
  let openings = 0;
  let runsOpen = 0;
  for (const tenant of tenants) {
    const rows = opened.backend.tenant(tenant);
    waiting += (await rows.approvals.list({ state: "pending" })).length;
    budgets.push(...(await rows.budgets.list()));
    for (const { state, forced, timesOpened } of await rows.breakers.list()) {
      const shown = forced === null ? state : `forced_${forced.state}`;
      states.set(shown, (states.get(shown) ?? 0) + 1);
      openings += timesOpened;
    }
    runsOpen += await rows.runs.openCount();
  }
  return {
    agent33_runs_open: one(runsOpen),
    agent33_approvals_waiting: one(waiting),
    agent33_breakers: [...states].map(([state, value]) => ({ labels: { state }, value })),
    agent33_breaker_openings_total: one(openings),
    ...budgetGauges(budgets),
    ...storeGauges(dataDir, host),
    agent33_price_table_timestamp_seconds: one(pricesOf.at / 1000),
    agent33_info: [{ labels: { version: packageVersion() }, value: 1 }],
  };
}

/** Of each budget the fullest of its newest period: of tenants, users and agents there may be many. */
function budgetGauges(budgets: readonly Budget[]): Gauges {
  const used: Sample[] = [];
  const allowed: Sample[] = [];
  const byName = [...Map.groupBy(budgets, ({ id }) => id.split("/")[0] ?? id)];
  for (const [budget, rows] of byName.slice(0, mostBudgets)) {
    const newest = rows.reduce((a, b) => (b.createdAt > a.createdAt ? b : a));
    const current = rows.filter(({ id }) => periodOf(id) === periodOf(newest.id));
    for (const limit of budgetQuantities) {
      const full = current
        .flatMap((row) => {
          const most = row.limits[limit];
          return most === undefined ? [] : [{ used: row.used[limit], most }];
        })
        .toSorted((a, b) => b.used / b.most - a.used / a.most)[0];
      if (full === undefined) continue;
      used.push({ labels: { budget, limit }, value: full.used });
      allowed.push({ labels: { budget, limit }, value: full.most });
    }
  }
  return { agent33_budget_used: used, agent33_budget_allowed: allowed };
}

const mostBudgets = 20;
const periodOf = (id: string): string => id.slice(id.lastIndexOf("/") + 1);

function storeGauges(dataDir: string, host: Host): Gauges {
  try {
    const recoveries = listRecoveries(dataDir).filter(({ dryRun }) => !dryRun);
    const lost = recoveries.reduce((sum, { lost, orphans }) => sum + lost.length + orphans, 0);
    const last = Math.max(0, ...recoveries.map(({ at }) => at));
    const check = readLastCheck(dataDir);
    return {
      agent33_store_damage_total: one(recoveries.length),
      agent33_store_lost_rows_total: one(lost),
      ...(last === 0 ? {} : { agent33_store_recovered_timestamp_seconds: one(last / 1000) }),
      ...(check === undefined
        ? {}
        : {
            agent33_store_sound: one(check.sound ? 1 : 0),
            agent33_store_checked_timestamp_seconds: one(check.at / 1000),
          }),
    };
  } catch (error) {
    host.warn(`What is known of the store's health could not be read: ${messageOf(error)}`);
    return {};
  }
}
