import * as fc from "fast-check";
import { expect } from "vitest";
import { budgetQuantities } from "../repositories/budgets.ts";
import { type Case, code } from "./suite.cases.ts";

const nothing = { costMicroUsd: 0, tokens: 0, calls: 0, milliseconds: 0 };

/** Hard limits that processes share. */
export const budgetsCases: readonly Case[] = [
  {
    name: "keeps a budget's limits and what is used of it",
    run: async ({ backend, clock }) => {
      const { budgets } = backend.tenant("a");
      const made = await budgets.define("run-1", { costMicroUsd: 500, calls: 3 });
      expect(made).toEqual({
        id: "run-1",
        createdAt: clock.now(),
        limits: { costMicroUsd: 500, calls: 3 },
        used: nothing,
      });
      expect(await budgets.draw("run-1", { costMicroUsd: 200, tokens: 9 })).toEqual({
        granted: true,
      });
      const used = { ...nothing, costMicroUsd: 200, tokens: 9 };
      expect(await budgets.get("run-1")).toEqual({ ...made, used });
      await budgets.define("day", {});
      expect((await budgets.list()).map(({ id }) => id)).toEqual(["day", "run-1"]);
      expect(await budgets.get("run-2")).toBeUndefined();
      expect(await backend.tenant("b").budgets.list()).toEqual([]);
    },
  },
  {
    name: "takes the same limits again, and other ones only as a replacement",
    run: async ({ backend, clock }) => {
      const { budgets } = backend.tenant("a");
      const made = await budgets.define("x", { tokens: 10, calls: 3 });
      clock.advance(1000);
      expect(await budgets.define("x", { calls: 3, tokens: 10 })).toEqual(made);
      await budgets.draw("x", { tokens: 8 });
      for (const limits of [
        { tokens: 10 },
        { tokens: 11, calls: 3 },
        { tokens: 10, calls: 3, milliseconds: 0 },
      ]) {
        await expect(budgets.define("x", limits)).rejects.toEqual(code("store.budget_differs"));
      }
      const used = { ...nothing, tokens: 8 };
      expect(await budgets.get("x")).toEqual({ ...made, used });
      const replaced = await budgets.define("x", { tokens: 5 }, { replace: true });
      expect(replaced).toEqual({ ...made, limits: { tokens: 5 }, used });
      expect(await budgets.get("x")).toEqual(replaced);
      // Below what is used: nothing more is granted until enough is given back.
      expect(await budgets.draw("x", { tokens: 1 })).toEqual({
        granted: false,
        limit: "tokens",
        allowed: 5,
        used: 8,
      });
      await budgets.giveBack("x", { tokens: 4 });
      expect(await budgets.draw("x", { tokens: 1 })).toEqual({ granted: true });
    },
  },
  {
    name: "grants all or nothing, up to the limit exactly",
    run: async ({ backend }) => {
      const { budgets } = backend.tenant("a");
      await budgets.define("x", { tokens: 10, calls: 2 });
      expect(await budgets.draw("x", { tokens: 10, calls: 3 })).toEqual({
        granted: false,
        limit: "calls",
        allowed: 2,
        used: 0,
      });
      expect((await budgets.get("x"))?.used).toEqual(nothing);
      expect(await budgets.draw("x", { tokens: 10, calls: 2 })).toEqual({ granted: true });
      expect(await budgets.draw("x", {})).toEqual({ granted: true });
      expect(await budgets.draw("x", { tokens: 1 })).toEqual({
        granted: false,
        limit: "tokens",
        allowed: 10,
        used: 10,
      });
    },
  },
  {
    name: "counts without a limit as far as numbers go",
    run: async ({ backend }) => {
      const { budgets } = backend.tenant("a");
      await budgets.define("x", {});
      const most = Number.MAX_SAFE_INTEGER;
      expect(await budgets.draw("x", { tokens: most - 1 })).toEqual({ granted: true });
      for (const tokens of [2, 3, most]) {
        expect(await budgets.draw("x", { tokens })).toMatchObject({
          granted: false,
          limit: "tokens",
        });
      }
      expect(await budgets.draw("x", { tokens: 1 })).toEqual({ granted: true });
      expect((await budgets.get("x"))?.used.tokens).toBe(most);
    },
  },
  {
    name: "takes back no more than is used, all or nothing",
    run: async ({ backend }) => {
      const { budgets } = backend.tenant("a");
      await budgets.define("x", { tokens: 10 });
      await budgets.draw("x", { tokens: 6, calls: 1 });
      await expect(budgets.giveBack("x", { tokens: 6, calls: 2 })).rejects.toEqual(
        code("store.budget_overreturned"),
      );
      expect((await budgets.get("x"))?.used).toEqual({ ...nothing, tokens: 6, calls: 1 });
      await budgets.giveBack("x", { tokens: 6, calls: 1 });
      expect((await budgets.get("x"))?.used).toEqual(nothing);
    },
  },
  {
    name: "refuses amounts that are none, unknown quantities and unknown budgets",
    run: async ({ backend }) => {
      const { budgets } = backend.tenant("a");
      await budgets.define("x", { tokens: 10 });
      const bad = code("store.bad_budget");
      for (const tokens of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        await expect(budgets.draw("x", { tokens })).rejects.toEqual(bad);
        await expect(budgets.giveBack("x", { tokens })).rejects.toEqual(bad);
        await expect(budgets.define("y", { tokens })).rejects.toEqual(bad);
      }
      await expect(budgets.draw("x", { token: 1 } as object)).rejects.toEqual(bad);
      for (const id of ["", "x\u0000", "\ud800"]) {
        await expect(budgets.define(id, {})).rejects.toEqual(bad);
      }
      const unknown = code("store.unknown_budget");
      await expect(budgets.draw("y", {})).rejects.toEqual(unknown);
      await expect(budgets.giveBack("y", {})).rejects.toEqual(unknown);
      await backend.tenant("b").budgets.define("y", {});
      await expect(budgets.draw("y", {})).rejects.toEqual(unknown);
      expect((await budgets.list()).map(({ used }) => used)).toEqual([nothing]);
    },
  },
  {
    name: "grants many at once no more than there is",
    run: async ({ backend }) => {
      const { budgets } = backend.tenant("a");
      await budgets.define("x", { tokens: 100, calls: 1000 });
      const draws = await Promise.all(
        Array.from({ length: 50 }, () => budgets.draw("x", { tokens: 7, calls: 1 })),
      );
      expect(draws.filter(({ granted }) => granted)).toHaveLength(14);
      for (const draw of draws) {
        if (!draw.granted) {
          expect(draw).toEqual({ granted: false, limit: "tokens", allowed: 100, used: 98 });
        }
      }
      expect((await budgets.get("x"))?.used).toEqual({ ...nothing, tokens: 98, calls: 14 });
    },
  },
  {
    name: "defines one budget where many define it at once",
    run: async ({ backend }) => {
      const { budgets } = backend.tenant("a");
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => budgets.define("x", { calls: index % 2 })),
      );
      const [budget, ...others] = await budgets.list();
      expect(others).toEqual([]);
      const limits = settled.flatMap((one) =>
        one.status === "fulfilled" ? [one.value.limits] : [],
      );
      expect(limits).toEqual(Array.from({ length: 10 }, () => budget?.limits));
    },
  },
  {
    name: "agrees with plain sums whatever is drawn and given back",
    run: async ({ backend }) => {
      let run = 0;
      const amount = fc.nat({ max: 12 });
      const amounts = fc.record(
        { costMicroUsd: amount, tokens: amount, calls: amount, milliseconds: amount },
        { requiredKeys: [] },
      );
      const step = fc.record({
        do: fc.constantFrom("draw" as const, "draw" as const, "give back" as const),
        amounts,
      });
      await fc.assert(
        fc.asyncProperty(amounts, fc.array(step, { maxLength: 25 }), async (limits, steps) => {
          run += 1;
          const { budgets } = backend.tenant(`model-${run}`);
          await budgets.define("x", limits);
          const used = { ...nothing };
          for (const one of steps) {
            const sign = one.do === "draw" ? 1 : -1;
            const after = { ...used };
            for (const name of budgetQuantities) after[name] += sign * (one.amounts[name] ?? 0);
            const fits = budgetQuantities.every(
              (name) =>
                after[name] >= 0 && after[name] <= (limits[name] ?? Number.MAX_SAFE_INTEGER),
            );
            if (one.do === "draw") {
              const draw = await budgets.draw("x", one.amounts);
              expect(draw.granted).toBe(fits);
              if (!draw.granted) {
                expect(draw.allowed).toBe(limits[draw.limit]);
                expect(draw.used).toBe(used[draw.limit]);
                expect(after[draw.limit]).toBeGreaterThan(draw.allowed);
              }
            } else {
              const returned = await budgets.giveBack("x", one.amounts).then(
                () => true,
                (error: unknown) => {
                  expect(error).toEqual(code("store.budget_overreturned"));
                  return false;
                },
              );
              expect(returned).toBe(fits);
            }
            if (fits) Object.assign(used, after);
            expect((await budgets.get("x"))?.used).toEqual(used);
          }
        }),
        { numRuns: 30 },
      );
    },
  },
];
