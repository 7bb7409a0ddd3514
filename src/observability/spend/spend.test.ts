import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RecordedCall } from "../feed/recorded-call.ts";
import { daysOfHours, Spend, spendSchema } from "./spend.ts";
import { summarize } from "./summary.ts";

const hour = 3_600_000;
const day = 24 * hour;
const now = 1000 * day + 5 * hour;

const call = (over: Partial<RecordedCall> = {}): RecordedCall => ({
  callId: "c",
  at: now,
  connector: "model:openai",
  operation: "chat",
  effect: "read",
  decision: { effect: "allow", ruleId: "default/models" },
  attempts: [],
  durationMs: 1,
  outcome: "ok",
  model: "openai:gpt-5",
  tier: "low",
  spend: { costMicroUsd: 3, tokens: 10 },
  ...over,
});

function spendOf(calls: readonly RecordedCall[], tenant = "a"): Spend {
  const spend = new Spend();
  for (const one of calls) spend.add(one, tenant);
  return spend;
}

const asked = { by: [], limit: 20 } as const;

test("the same comes out in whatever order calls are told, and after it was kept in between", () => {
  const calls = fc.array(
    fc.record({
      at: fc.integer({ min: now - 40 * day, max: now }),
      cost: fc.integer({ min: 0, max: 1e9 }),
      outcome: fc.constantFrom("ok", "boundary.timeout"),
    }),
    { maxLength: 60 },
  );
  const told = ({ at, cost, outcome }: { at: number; cost: number; outcome: string }) =>
    call({ at, outcome, spend: { costMicroUsd: cost, tokens: 1 } });
  const sorted = (spend: Spend) =>
    spend
      .state()
      .cells.map((cell) => JSON.stringify(cell))
      .sort();
  fc.assert(
    fc.property(calls, fc.nat(), (all, cut) => {
      const inOrder = spendOf(all.map(told));
      expect(sorted(spendOf(all.toReversed().map(told)))).toEqual(sorted(inOrder));
      const half = spendOf(all.slice(0, cut % (all.length + 1)).map(told));
      const again = new Spend(spendSchema.parse(JSON.parse(JSON.stringify(half.state()))));
      for (const one of all.slice(cut % (all.length + 1))) again.add(told(one), "a");
      expect(sorted(again)).toEqual(sorted(inOrder));
      const money = all.reduce((sum, { cost }) => sum + cost, 0);
      expect(summarize(inOrder, asked).totals).toMatchObject({
        calls: all.length,
        costMicroUsd: money,
      });
    }),
    { numRuns: 100 },
  );
});

test("what is longer ago than two weeks is kept by days, and no money is lost", () => {
  const hours = Array.from({ length: 30 * 24 }, (_, back) => call({ at: now - back * hour }));
  const spend = spendOf(hours);
  expect([...spend.cells()].length).toBeLessThan((daysOfHours + 1) * 24 + 17);
  const { totals, series, hoursFrom } = summarize(spend, { ...asked, every: "hour" });
  expect(totals).toEqual({
    calls: hours.length,
    costMicroUsd: 3 * hours.length,
    tokens: 10 * hours.length,
    unpricedCalls: 0,
  });
  expect(hoursFrom).toBe(986 * day);
  for (const { start, end } of series ?? []) {
    expect(end - start).toBe(start < hoursFrom ? day : hour);
  }
  const byDay = summarize(spend, { ...asked, every: "day" }).series ?? [];
  expect(byDay.map(({ start }) => start)).toEqual(
    byDay.map((_, at) => (byDay[0]?.start ?? 0) + at * day),
  );
  expect(byDay.reduce((sum, one) => sum + one.calls, 0)).toBe(hours.length);
});

test("a call without a known price is counted as unpriced, and one that asked no model is not", () => {
  const spend = spendOf([
    call({ spend: { tokens: 5 } }),
    call({ spend: { tokens: 5, costMicroUsd: 0 } }),
    call({ connector: "mcp:files", spend: undefined as never }),
  ]);
  expect(summarize(spend, asked).totals).toEqual({
    calls: 3,
    costMicroUsd: 0,
    tokens: 10,
    unpricedCalls: 1,
  });
});

test("groups are those that cost most, and the others are one sum with them", () => {
  const spend = new Spend();
  for (let at = 0; at < 30; at += 1) {
    spend.add(
      call({ model: `m:${at}`, spend: { costMicroUsd: at, tokens: 1 } }),
      at % 2 ? "a" : "b",
    );
  }
  const found = summarize(spend, { by: ["model"], limit: 10, every: "day" });
  expect(found.items.map(({ group }) => group.model)).toEqual(
    Array.from({ length: 10 }, (_, at) => `m:${29 - at}`),
  );
  expect(found.items[0]?.series).toMatchObject([{ costMicroUsd: 29 }]);
  expect(found.others).toEqual({
    groups: 20,
    calls: 20,
    costMicroUsd: 190,
    tokens: 20,
    unpricedCalls: 0,
  });
  expect(found.totals.costMicroUsd).toBe((29 * 30) / 2);
  const ofA = summarize(spend, { by: ["tenant", "effort"], limit: 10, where: { tenant: "a" } });
  expect(ofA.items).toMatchObject([{ group: { tenant: "a", effort: "low" }, calls: 15 }]);
  expect(ofA.totals.calls).toBe(15);
});

test("a window is told as what it really covers", () => {
  const spend = spendOf([
    call({ at: now - 30 * day }),
    call({ at: now - 2 * hour }),
    call({ at: now - hour }),
    call({ at: now }),
  ]);
  const found = summarize(spend, { ...asked, since: now - hour + 7, until: now - 1 });
  expect(found).toMatchObject({ since: now - hour, until: now, totals: { calls: 1 } });
  const old = summarize(spend, {
    ...asked,
    since: now - 30 * day + hour,
    until: now - 30 * day + hour,
  });
  expect(old).toMatchObject({ since: 970 * day, until: 971 * day, totals: { calls: 1 } });
  expect(summarize(spend, asked)).toMatchObject({ since: null, until: null, totals: { calls: 4 } });
});

test("of nothing there is a sum of nothing", () => {
  expect(summarize(new Spend(), { ...asked, by: ["tenant"], every: "day" })).toEqual({
    since: null,
    until: null,
    hoursFrom: 0,
    totals: { calls: 0, costMicroUsd: 0, tokens: 0, unpricedCalls: 0 },
    items: [],
    others: null,
    series: [],
  });
});
