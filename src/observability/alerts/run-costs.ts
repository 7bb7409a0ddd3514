import { z } from "zod";
import type { Told } from "../feed/feed.ts";
import type { Sample } from "./evaluate.ts";
import { spanMs } from "./expression.ts";

const openSchema = z.object({
  tenant: z.string(),
  effort: z.string(),
  costMicroUsd: z.number(),
  /** Half of such runs were taken to cost no more; null where nothing was estimated. */
  estimate: z.number().nullable(),
  at: z.number(),
});
const endedSchema = openSchema.extend({ run: z.string() });
/** All that is kept of what runs cost, as data. */
export const runCostsSchema = z.object({
  open: z.record(z.string(), openSchema),
  ended: z.array(endedSchema),
});
export type RunCostsState = z.infer<typeof runCostsSchema>;
type Open = z.infer<typeof openSchema>;
type Ended = z.infer<typeof endedSchema>;

/** Ended runs that are remembered at most, for a week at most. */
const mostEnded = 2_000;
const weekMs = spanMs("7d");
const dayMs = spanMs("24h");
const hourMs = spanMs("1h");
/** Fewer runs than these say nothing about what is usual. */
const enoughRuns = 20;
/** Runs that are shown by name. */
const mostShown = 20;

/** What runs cost while they go on and when they end, by the calls that were made for them. */
export class RunCosts {
  readonly #open: Map<string, Open>;
  #ended: Ended[];
  #endedIds: Set<string>;

  constructor(state: RunCostsState = { open: {}, ended: [] }) {
    this.#open = new Map(Object.entries(state.open));
    this.#ended = [...state.ended];
    this.#endedIds = new Set(state.ended.map(({ run }) => run));
  }

  add(told: Told): void {
    if (told.kind === "call") this.#addCall(told);
    else this.#addEvent(told);
  }

  #addCall({ tenant, call }: Extract<Told, { kind: "call" }>): void {
    const { runId, spend, at, durationMs, tier } = call;
    const cost = spend?.costMicroUsd ?? 0;
    if (runId === undefined || cost === 0) return;
    // The last calls of a run may be told after its end, which has the whole sum.
    if (this.#endedIds.has(runId)) return;
    const known = this.#open.get(runId) ?? this.#begun(tenant, tier ?? "none", at);
    const ends = Math.max(known.at, at + durationMs);
    this.#open.set(runId, { ...known, costMicroUsd: known.costMicroUsd + cost, at: ends });
  }

  #addEvent({ tenant, run, event }: Extract<Told, { kind: "event" }>): void {
    if (event.type !== "run.started" && event.type !== "run.finished") return;
    const known = this.#open.get(run.id) ?? this.#begun(tenant, run.effort, event.at);
    if (event.type === "run.started") {
      const estimate = event.routing?.estimate?.costMicroUsd?.p50 ?? null;
      this.#open.set(run.id, { ...known, effort: run.effort, estimate });
      return;
    }
    this.#open.delete(run.id);
    const { costMicroUsd } = event.totals;
    const end = { ...known, effort: run.effort, run: run.id, costMicroUsd, at: event.at };
    this.#ended.push(end);
    this.#endedIds.add(run.id);
    if (this.#ended.length > 2 * mostEnded) this.#keep(this.#ended.slice(-mostEnded));
  }

  #keep(ended: Ended[]): void {
    if (ended.length === this.#ended.length) return;
    this.#ended = ended;
    this.#endedIds = new Set(ended.map(({ run }) => run));
  }

  #begun(tenant: string, effort: string, at: number): Open {
    return { tenant, effort, costMicroUsd: 0, estimate: null, at };
  }

  /** Forgets ended runs of more than a week ago, and open ones of which nothing was heard since. */
  prune(now: number): void {
    this.#keep(this.#ended.filter(({ at }) => at > now - weekMs).slice(-mostEnded));
    for (const [id, { at }] of this.#open) if (at < now - weekMs) this.#open.delete(id);
  }

  /** The dearest runs that go on or ended within the hour. */
  highest(now: number): readonly Sample[] {
    return this.#recent(now).map(({ run, tenant, effort, costMicroUsd }) => ({
      labels: { run, tenant, effort },
      value: costMicroUsd,
    }));
  }

  /** For each of these what nineteen of twenty runs of its effort cost in a week; 0 where they are few. */
  usual(now: number): readonly Sample[] {
    const byEffort = Map.groupBy(this.#ended, ({ effort }) => effort);
    return this.#recent(now).map(({ run, tenant, effort }) => {
      const others = (byEffort.get(effort) ?? []).filter((one) => one.run !== run);
      const costs = others.map(({ costMicroUsd }) => costMicroUsd);
      return { labels: { run, tenant, effort }, value: quantile(costs, 0.95) };
    });
  }

  /** How cost stood to estimate, where enough runs say so. */
  estimateRatio(now: number): readonly Sample[] {
    const ratios = this.#ended.flatMap(({ at, costMicroUsd, estimate }) =>
      at > now - dayMs && estimate !== null && estimate > 0 && costMicroUsd > 0
        ? [costMicroUsd / estimate]
        : [],
    );
    if (ratios.length < enoughRuns) return [];
    return [{ labels: {}, value: quantile(ratios, 0.5) }];
  }

  state(): RunCostsState {
    return { open: Object.fromEntries(this.#open), ended: this.#ended };
  }

  #recent(now: number): readonly Ended[] {
    const open = [...this.#open].map(([run, one]) => ({ run, ...one }));
    return [...open, ...this.#ended]
      .filter(({ at, costMicroUsd }) => at > now - hourMs && costMicroUsd > 0)
      .toSorted((a, b) => b.costMicroUsd - a.costMicroUsd)
      .slice(0, mostShown);
  }
}

/** 0 where there are too few. */
function quantile(values: readonly number[], share: number): number {
  if (values.length < enoughRuns) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
