import { expect, test } from "vitest";
import { advance } from "./advance.ts";
import type { Alert } from "./alert.ts";
import type { AlertSource } from "./evaluate.ts";
import { above, absent, level } from "./expression.ts";
import type { ActiveRule } from "./rule.ts";

const minute = 60_000;
const breakers: ActiveRule = {
  name: "TooMany",
  severity: "ticket",
  owner: "somebody",
  runbook: "none",
  summary: "{state} is too much",
  unit: "number",
  forMs: 2 * minute,
  keepMs: 3 * minute,
  once: false,
  about: undefined,
  thresholds: {},
  condition: above(level("agent33_breakers", { by: ["state"] }), 0),
};

/** Looks at one rule again and again. */
function watch(rule: ActiveRule = breakers) {
  const alerts = new Map<string, Alert>();
  const news: string[] = [];
  return {
    news,
    state: () => [...alerts.values()].map(({ state }) => state),
    alert: () => [...alerts.values()][0],
    look: async (at: number, value: number | undefined, rules = [rule]) => {
      const levels: AlertSource["levels"] = () =>
        value === undefined ? [] : [{ labels: { state: "open" }, value }];
      const next = await advance({
        rules,
        source: { nowSeconds: at / 1_000, increases: () => [], levels },
        readable: value !== undefined || rule.condition.kind === "absent",
        active: [...alerts.values()].filter(({ state }) => state !== "resolved"),
        formerly: async (id) => alerts.get(id),
        now: at,
      });
      for (const alert of next.changed) alerts.set(alert.id, alert);
      for (const id of next.forgotten) alerts.delete(id);
      news.push(...next.news.map(({ kind }) => kind));
      return next;
    },
  };
}

test("fires once its condition has held long enough, and is forgotten if it does not", async () => {
  const { look, state, news, alert } = watch();
  await look(0, 1);
  expect(state()).toEqual(["pending"]);
  await look(minute, 0);
  expect(state()).toEqual([]);
  await look(2 * minute, 1);
  await look(3 * minute, 1);
  await look(4 * minute, 4);
  expect(state()).toEqual(["firing"]);
  expect(alert()).toMatchObject({ episode: 1, value: 4, summary: "open is too much" });
  expect(news).toEqual(["fired"]);
});

test("is over only when that has lasted, and fires anew as another time", async () => {
  const { look, state, news, alert } = watch();
  for (const at of [0, 1, 2]) await look(at * minute, 1);
  await look(3 * minute, 0);
  await look(4 * minute, 1);
  await look(5 * minute, 0);
  expect(state()).toEqual(["firing"]);
  await look(8 * minute, 0);
  expect(state()).toEqual(["resolved"]);
  for (const at of [20, 21, 22]) await look(at * minute, 1);
  expect(news).toEqual(["fired", "resolved", "fired"]);
  expect(alert()).toMatchObject({ state: "firing", episode: 2 });
});

test("nobody knows that it held while nobody looked", async () => {
  const { look, state } = watch();
  await look(0, 1);
  await look(60 * minute, 1);
  expect(state()).toEqual(["pending"]);
  await look(62 * minute, 1);
  expect(state()).toEqual(["firing"]);
});

test("where nothing can be read, all stays as it is", async () => {
  const { look, state } = watch();
  for (const at of [0, 1, 2]) await look(at * minute, 1);
  const next = await look(60 * minute, undefined);
  expect(next).toEqual({ changed: [], news: [], forgotten: [] });
  expect(state()).toEqual(["firing"]);
});

test("but that nothing can be read is an alert of its own", async () => {
  const { look, state } = watch({ ...breakers, condition: absent("agent33_info") });
  for (const at of [0, 1, 2]) await look(at * minute, undefined);
  expect(state()).toEqual(["firing"]);
});

test("an alert whose rule is switched off is over", async () => {
  const { look, state } = watch();
  for (const at of [0, 1, 2]) await look(at * minute, 1);
  await look(3 * minute, 1, []);
  expect(state()).toEqual(["resolved"]);
});

test("one that goes on is written once a minute and no more", async () => {
  const { look } = watch();
  for (const at of [0, 1, 2]) await look(at * minute, 1);
  expect((await look(2.5 * minute, 1)).changed).toEqual([]);
  expect((await look(3 * minute, 1)).changed).toHaveLength(1);
});

test("what is told once does not fire again for the same labels", async () => {
  const { look, news } = watch({ ...breakers, once: true, forMs: 0 });
  await look(0, 1);
  await look(10 * minute, 0);
  await look(20 * minute, 1);
  expect(news).toEqual(["fired", "resolved"]);
});
