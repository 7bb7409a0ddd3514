import fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "../../dashboard/src/spend/lines.ts";

const hour = 3_600_000;
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

const point = fc.record({ at: fc.nat(200), costMicroUsd: fc.nat(5_000_000) });
const groups = fc.array(fc.array(point, { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 4,
});

const pointOf = ({ at, costMicroUsd }: { at: number; costMicroUsd: number }) => ({
  start: at * hour,
  end: (at + 1) * hour,
  calls: 1,
  costMicroUsd,
  tokens: 1,
  unpricedCalls: 0,
});

test("what lines draw adds up to what was spent, those of groups beyond the limit too", () => {
  fc.assert(
    fc.property(groups, fc.array(point, { maxLength: 6 }), (shown, hidden) => {
      const points = [...shown.flat(), ...hidden].map(pointOf);
      const series = points.toSorted((one, other) => one.start - other.start);
      const items = shown.map((own, at) => ({
        ...pointOf({ at: 0, costMicroUsd: sum(own.map(({ costMicroUsd }) => costMicroUsd)) }),
        group: { model: `m${at}` },
        series: own.map(pointOf),
      }));
      const totals = {
        calls: points.length,
        costMicroUsd: sum(points.map(({ costMicroUsd }) => costMicroUsd)),
        tokens: points.length,
        unpricedCalls: 0,
      };
      const spend = { since: null, until: null, hoursFrom: 0, totals, items, others: null, series };
      const lines = linesOf(spend, "hour", 0, ({ model }) => model ?? "");
      if (totals.costMicroUsd === 0) return expect(lines).toBeUndefined();
      expect(sum((lines?.series ?? []).map(({ values }) => sum(values)))).toBe(totals.costMicroUsd);
      expect(lines?.series.every(({ values }) => values.length === lines.times.length)).toBe(true);
      expect(lines?.times.at(-1)).toBe(series.at(-1)?.start);
    }),
  );
});

test("steps without calls are nought, up to now", () => {
  const one = pointOf({ at: 2, costMicroUsd: 7 });
  const totals = { calls: 1, costMicroUsd: 7, tokens: 1, unpricedCalls: 0 };
  const spend = {
    since: 0,
    until: null,
    hoursFrom: 0,
    totals,
    others: null,
    series: [one],
    items: [{ ...totals, group: { model: "m" }, series: [one] }],
  };
  expect(linesOf(spend, "hour", 4 * hour, ({ model }) => model ?? "")).toEqual({
    times: [0, 1, 2, 3, 4].map((at) => at * hour),
    series: [{ name: "m", values: [0, 0, 7, 0, 0] }],
  });
});
