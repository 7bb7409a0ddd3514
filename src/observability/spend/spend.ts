import { z } from "zod";
import { isUnpriced, type RecordedCall } from "../feed/recorded-call.ts";

/** What spend can be looked at by. */
export const spendDimensions = ["tenant", "model", "effort", "outcome", "connector"] as const;
export type SpendDimension = (typeof spendDimensions)[number];

/** How long the steps of a series are. */
export const spendSteps = ["hour", "day"] as const;
export type SpendStep = (typeof spendSteps)[number];

/** What calls came to. */
export interface SpendSums {
  readonly calls: number;
  /** Whole micro-USD of the calls that have a price. */
  readonly costMicroUsd: number;
  readonly tokens: number;
  /** Calls of models without a known price: their money is in no sum, their tokens are. */
  readonly unpricedCalls: number;
}

/** Null where a call has none: it was of no run, or asked no model. */
export type SpendGroup = Readonly<Record<SpendDimension, string | null>>;

/** From `start` on, up to and without `end`; milliseconds since the Unix epoch. */
export interface SpendPoint extends SpendSums {
  readonly start: number;
  readonly end: number;
}

/** What calls of one kind came to in one hour or day. */
export interface SpendCell extends SpendPoint {
  readonly group: SpendGroup;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Days before that of the newest call whose hours are told apart. */
export const daysOfHours = 14;

const cellSchema = z.tuple([
  z.number(),
  z.array(z.string().nullable()).length(spendDimensions.length),
  z.array(z.number()).length(4),
]);

/** All that the spend holds, as data. */
export const spendSchema = z.object({ newest: z.number(), cells: z.array(cellSchema) });
export type SpendState = z.infer<typeof spendSchema>;

interface Cell {
  readonly start: number;
  readonly values: readonly (string | null)[];
  readonly sums: [calls: number, costMicroUsd: number, tokens: number, unpriced: number];
}

/**
 * What calls came to, hour by hour and, longer ago, day by day (UTC). In whatever order calls are
 * told, the same comes out, so that it can be made again from the store at any time.
 */
export class Spend {
  readonly #cells = new Map<string, Cell>();
  /** When the newest call began. */
  #newest: number;

  constructor(state: SpendState = { newest: 0, cells: [] }) {
    this.#newest = state.newest;
    for (const [start, values, [calls = 0, cost = 0, tokens = 0, unpriced = 0]] of state.cells) {
      this.#put({ start, values, sums: [calls, cost, tokens, unpriced] });
    }
  }

  /** Counts one call that is over. */
  add(call: RecordedCall, tenant: string): void {
    const { at, model = null, tier = null, outcome, connector, spend } = call;
    const before = this.hoursFrom;
    this.#newest = Math.max(this.#newest, at);
    if (this.hoursFrom > before) this.#fold();
    const sums = { cost: spend?.costMicroUsd ?? 0, tokens: spend?.tokens ?? 0 };
    this.#put({
      start: this.startOf(at),
      values: [tenant, model, tier, outcome, connector],
      sums: [1, sums.cost, sums.tokens, isUnpriced(call) ? 1 : 0],
    });
  }

  /** From when on hours are told apart. */
  get hoursFrom(): number {
    return Math.max(0, Math.floor(this.#newest / dayMs) - daysOfHours) * dayMs;
  }

  /** Where the hour, or long ago the day, begins that a moment is in. */
  startOf(at: number): number {
    const length = at < this.hoursFrom ? dayMs : hourMs;
    return Math.floor(at / length) * length;
  }

  /** In no order. */
  *cells(): Generator<SpendCell> {
    for (const { start, values, sums } of this.#cells.values()) {
      const [calls, costMicroUsd, tokens, unpricedCalls] = sums;
      const [tenant = null, model = null, effort = null, outcome = null, connector = null] = values;
      const end = start + (start < this.hoursFrom ? dayMs : hourMs);
      const group = { tenant, model, effort, outcome, connector };
      yield { start, end, group, calls, costMicroUsd, tokens, unpricedCalls };
    }
  }

  state(): SpendState {
    const cells = [...this.#cells.values()].map(
      ({ start, values, sums }): SpendState["cells"][0] => [start, [...values], [...sums]],
    );
    return { newest: this.#newest, cells };
  }

  #put({ start, values, sums }: Cell): void {
    const key = JSON.stringify([start, values]);
    const known = this.#cells.get(key);
    if (known === undefined) {
      this.#cells.set(key, { start, values, sums });
      return;
    }
    for (const [at, value] of sums.entries()) known.sums[at as 0 | 1 | 2 | 3] += value;
  }

  /** Makes days of hours that have become old. */
  #fold(): void {
    const all = [...this.#cells.values()];
    this.#cells.clear();
    for (const cell of all) this.#put({ ...cell, start: this.startOf(cell.start) });
  }
}
