import * as fc from "fast-check";
import { expect } from "vitest";
import { qualityOf, scoreOf } from "../../learning/quality.ts";
import { severities } from "../../learning/severity.ts";
import {
  type NewSignal,
  parseNewSignal,
  type Signal,
  type SignalState,
  signalStates,
  signalTypes,
} from "../../learning/signal.ts";
import { dayMs, hourMs, type SummaryRequest } from "../../learning/summary.ts";
import type { SignalFilter } from "../repositories/signals.ts";
import type { TenantStore } from "../repositories/index.ts";
import type { Case } from "./suite.cases.ts";

/** The first two say the same. */
const summaries = ["Timeout after 5 ms", "timeout  after 70 ms", "Disk full"];
const sameAs = [0, 0, 2];

/** Mostly the usual word, so that signals meet their like. */
const mostly = <T>(usual: T, other: T) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constant(other) },
  );

const record = fc.record({
  do: fc.constant("record" as const),
  type: mostly<"bug" | "security">("bug", "security"),
  severity: mostly<"low" | "critical">("low", "critical"),
  words: fc.nat({ max: summaries.length - 1 }),
  source: mostly("", "ci"),
  key: fc.option(fc.constantFrom("k1", "k2", "k3"), { nil: undefined, freq: 1 }),
  /** How long before now it happened. */
  agoMs: fc.option(fc.oneof(fc.nat({ max: hourMs }), fc.nat({ max: 2 * dayMs })), {
    nil: undefined,
    freq: 1,
  }),
});
const step = fc.oneof(
  { weight: 5, arbitrary: record },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.oneof(fc.nat({ max: hourMs }), fc.nat({ max: 3 * dayMs })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("transition" as const),
      which: fc.nat(),
      to: fc.constantFrom(...signalStates),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("link" as const),
      which: fc.nat(),
      intakeId: fc.constantFrom("RI-1", "RI-2"),
    }),
  },
);
const window = fc.record({
  days: fc.nat({ max: 9 }),
  hours: fc.integer({ min: 1, max: 30 }),
  agoMs: fc.nat({ max: 4 * dayMs }),
  by: fc.constantFrom("day" as const, "week" as const),
});

/** One time that something was seen. */
interface Sighting {
  readonly at: number;
  readonly signal: NewSignal;
  readonly isNew: boolean;
}
type Kept = { -readonly [K in keyof Signal]: Signal[K] };

const legal: Readonly<Record<SignalState, string>> = {
  open: "acknowledged resolved dismissed",
  acknowledged: "resolved dismissed open",
  resolved: "open",
  dismissed: "open",
};

/** A plain list of signals that does what the repository should do. */
function createModel(dedupeWindowMs: number) {
  const kept: { readonly sameness: string; readonly signal: Kept }[] = [];
  const keys = new Map<string, Kept>();
  const sightings: Sighting[] = [];
  return {
    kept,
    sightings,
    /** What recording should give; `id` is what a new signal is called. */
    record: (input: NewSignal, at: number, sameness: string, fresh: Signal): string => {
      const key = input.idempotencyKey;
      if (key !== undefined && keys.has(key)) return "known";
      const newest = kept.findLast((one) => one.sameness === sameness)?.signal;
      const live = newest?.state === "open" || newest?.state === "acknowledged";
      const repeats =
        newest !== undefined &&
        live &&
        at <= newest.lastSeenAt + dedupeWindowMs &&
        at >= newest.recordedAt - dedupeWindowMs;
      if (repeats) {
        newest.occurrences += 1;
        newest.lastSeenAt = Math.max(newest.lastSeenAt, at);
      } else kept.push({ sameness, signal: { ...fresh } });
      sightings.push({ at, signal: input, isNew: !repeats });
      const signal = repeats ? newest : kept.at(-1)?.signal;
      if (key !== undefined && signal !== undefined) keys.set(key, signal);
      return repeats ? "repeated" : "recorded";
    },
    keyed: (key: string | undefined) => (key === undefined ? undefined : keys.get(key)),
  };
}

async function allPages(
  signals: TenantStore["signals"],
  filter: SignalFilter,
): Promise<readonly Signal[]> {
  const found: Signal[] = [];
  let cursor: string | undefined;
  do {
    const page = await signals.list({
      ...filter,
      limit: 3,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** What a summary should say, by going through all that was seen. */
function expectedSummary(all: readonly Sighting[], request: SummaryRequest, now: number) {
  const to = Math.floor(now / hourMs) * hourMs + hourMs;
  const from = to - ((request.days ?? 0) * 24 + (request.hours ?? 0)) * hourMs;
  const within = (start: number, end: number) => all.filter(({ at }) => at >= start && at < end);
  const count = (some: readonly Sighting[]) => ({
    signals: some.filter(({ isNew }) => isNew).length,
    occurrences: some.length,
  });
  const seen = within(from, to);
  const qualities = seen.filter(({ isNew }) => isNew).map(({ signal }) => qualityOf(signal));
  const sum = qualities.reduce((total, { score }) => total + Math.round(score * 1000), 0);
  const { signals, occurrences } = count(seen);
  const before = count(within(from - (to - from), from));
  const by = (words: readonly string[], field: "type" | "severity") =>
    Object.fromEntries(
      words.map((word) => [word, count(seen.filter(({ signal }) => signal[field] === word))]),
    );
  const sources = [...new Set(seen.map(({ signal }) => signal.source))]
    .map((source) => ({ source, ...count(seen.filter((one) => one.signal.source === source)) }))
    .sort(
      (one, other) =>
        other.signals - one.signals ||
        other.occurrences - one.occurrences ||
        (one.source < other.source ? -1 : 1),
    );
  return {
    totals: {
      from,
      to,
      total: signals,
      occurrences,
      averageQuality: signals === 0 ? null : scoreOf(Math.round(sum / signals)),
      highQuality: qualities.filter(({ label }) => label === "high").length,
      byType: by(signalTypes, "type"),
      bySeverity: by(severities, "severity"),
      bySource: { top: sources, other: { signals: 0, occurrences: 0 } },
      previous: {
        from: from - (to - from),
        to: from,
        total: before.signals,
        occurrences: before.occurrences,
      },
    },
    countIn: (start: number, end: number) => count(within(start, end)),
  };
}

/** The same as a plain list would answer, after any order of what can be done with signals. */
export const signalsModelCases: readonly Case[] = [
  {
    name: "in any order of recording, closing, tying and waiting, says what a plain list would say",
    run: async ({ backend, clock }) => {
      let round = 0;
      const steps = fc.array(step, { minLength: 10, maxLength: 35, size: "max" });
      const windowMs = fc.constantFrom(0, 30 * 60_000, dayMs);
      await fc.assert(
        fc.asyncProperty(steps, windowMs, window, async (list, dedupeWindowMs, asked) => {
          round += 1;
          const tenant = `round-${round}`;
          const { signals, signalCounts } = backend.tenant(tenant);
          const model = createModel(dedupeWindowMs);
          const modelRecord = (input: NewSignal, sameness: string, fresh: Signal) =>
            model.record(
              input,
              input.at ?? clock.now(),
              // Where nothing counts as a repeat, everything is its own.
              dedupeWindowMs === 0 ? fresh.id : sameness,
              fresh,
            );
          for (const one of list) {
            if (one.do === "wait") clock.advance(one.ms);
            else if (one.do === "record") {
              const { type, severity, words, source, key, agoMs } = one;
              const input = parseNewSignal({
                type,
                severity,
                source,
                summary: summaries[words],
                ...(key === undefined ? {} : { idempotencyKey: key }),
                ...(agoMs === undefined ? {} : { at: clock.now() - agoMs }),
              });
              const known = model.keyed(key);
              const { signal, outcome } = await signals.record(input, { dedupeWindowMs });
              const sameness = JSON.stringify([type, severity, source, sameAs[words]]);
              expect(outcome).toBe(modelRecord(input, sameness, signal));
              if (outcome === "known") expect(signal).toEqual(known);
              if (outcome === "recorded") {
                const at = input.at ?? clock.now();
                const { idempotencyKey: _, at: __, ...said } = input;
                expect(signal).toMatchObject({ ...said, tenant, state: "open", occurrences: 1 });
                expect(signal).toMatchObject({ recordedAt: at, lastSeenAt: at, intakeId: null });
              }
            } else {
              const target = model.kept[one.which % Math.max(model.kept.length, 1)]?.signal;
              if (target === undefined) continue;
              if (one.do === "link") {
                const done = signals.link(target.id, one.intakeId);
                if (target.intakeId === null || target.intakeId === one.intakeId) {
                  target.intakeId = one.intakeId;
                  expect(await done).toEqual(target);
                } else await expect(done).rejects.toThrow("belongs to intake");
              } else {
                const done = signals.transition(target.id, one.to, "me", "why");
                if (legal[target.state].includes(one.to) && target.state !== one.to) {
                  const stamp = { stateReason: "why", stateBy: "me", stateAt: clock.now() };
                  Object.assign(target, { state: one.to, ...stamp });
                  expect(await done).toEqual(target);
                } else await expect(done).rejects.toThrow("cannot become");
              }
            }
          }
          const kept = model.kept.map(({ signal }) => signal).toReversed();
          expect(await allPages(signals, {})).toEqual(kept);
          const open = kept.filter(({ state, type }) => state === "open" && type === "bug");
          expect(await allPages(signals, { state: "open", type: "bug" })).toEqual(open);
          for (const signal of kept) expect(await signals.get(signal.id)).toEqual(signal);
          for (const intakeId of ["RI-1", "RI-2"]) {
            const tied = kept.filter((signal) => signal.intakeId === intakeId);
            expect(await signals.signalsOf(intakeId)).toEqual(tied);
          }
          const { agoMs, ...request } = asked;
          const now = clock.now() - agoMs;
          const summary = await signalCounts.summary({ ...request, now });
          const expected = expectedSummary(model.sightings, request, now);
          expect(summary).toMatchObject(expected.totals);
          expect(summary.trend.delta).toBe(summary.total - summary.previous.total);
          for (const { from, to, signals: some, occurrences } of summary.series) {
            expect({ signals: some, occurrences }).toEqual(expected.countIn(from, to));
          }
          expect(await signalCounts.checkCounts()).toEqual([]);
        }),
        { numRuns: 30 },
      );
    },
  },
];
