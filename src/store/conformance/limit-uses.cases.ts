import * as fc from "fast-check";
import { expect } from "vitest";
import type { LimitCheck, NewLimitUse } from "../repositories/limit-uses.ts";
import { type Case, code } from "./suite.cases.ts";

const granted = { granted: true };

/** A call's use of the rule `r` for the run `run`. */
export function limitUse(callId: string, fields: Partial<NewLimitUse> = {}): NewLimitUse {
  return { ruleId: "r", scope: "run", callId, at: 1000, ...fields };
}

/** At most so many calls, whenever they were. */
export const atMost = (most: number, fields: Partial<LimitCheck> = {}): LimitCheck => ({
  quantity: "calls",
  most,
  since: 0,
  ...fields,
});

const step = fc.record({
  do: fc.constantFrom("hold", "hold", "use", "release", "prune", "wait"),
  call: fc.nat({ max: 5 }),
  scope: fc.constantFrom("one", "two"),
  /** Quarters, so that sums are exact on every backend. */
  amount: fc.nat({ max: 12 }).map((quarters) => quarters / 4),
  quantity: fc.constantFrom("calls" as const, "amount" as const),
  most: fc.nat({ max: 6 }),
  windowMs: fc.constantFrom(5, 20, 1_000_000_000_000),
});

/** What calls use of the policy's limits. */
export const limitUsesCases: readonly Case[] = [
  {
    name: "lets so many calls pass and counts those in flight",
    run: async ({ backend }) => {
      const { limitUses } = backend.tenant("a");
      expect(await limitUses.hold(limitUse("1"), atMost(2))).toEqual(granted);
      expect(await limitUses.hold(limitUse("2"), atMost(2))).toEqual(granted);
      const refused = { granted: false, used: 2, most: 2 };
      expect(await limitUses.hold(limitUse("3"), atMost(2))).toEqual(refused);
      expect(await limitUses.usage("r", "run", 0)).toEqual({ calls: 2, amount: 0, held: 2 });
      await limitUses.use(limitUse("1"));
      expect(await limitUses.hold(limitUse("3"), atMost(2))).toEqual(refused);
      await limitUses.release(limitUse("1"));
      await limitUses.release(limitUse("2"));
      // Only what was in flight was given back.
      expect(await limitUses.usage("r", "run", 0)).toEqual({ calls: 1, amount: 0, held: 0 });
      expect(await limitUses.hold(limitUse("3"), atMost(2))).toEqual(granted);
    },
  },
  {
    name: "keeps a sum below its limit, and takes what a call really was",
    run: async ({ backend }) => {
      const { limitUses } = backend.tenant("a");
      const sum = atMost(5000, { quantity: "amount" });
      const transfer = (callId: string) => limitUse(callId, { amount: 2000 });
      expect(await limitUses.hold(transfer("1"), sum)).toEqual(granted);
      expect(await limitUses.hold(transfer("2"), sum)).toEqual(granted);
      expect(await limitUses.hold(transfer("3"), sum)).toEqual({
        granted: false,
        used: 4000,
        most: 5000,
      });
      await limitUses.use(transfer("1"), 500.5);
      expect(await limitUses.usage("r", "run", 0)).toEqual({ calls: 2, amount: 2500.5, held: 1 });
      expect(await limitUses.hold(transfer("3"), sum)).toEqual(granted);
      // Exactly the limit is within it.
      expect(await limitUses.hold(limitUse("4", { amount: 499.5 }), sum)).toEqual(granted);
      const little = limitUse("5", { amount: 0.25 });
      expect(await limitUses.hold(little, sum)).toMatchObject({ granted: false, used: 5000 });
    },
  },
  {
    name: "counts what began within the window, for each rule and each scope by itself",
    run: async ({ backend }) => {
      const { limitUses } = backend.tenant("a");
      await limitUses.hold(limitUse("1", { at: 1000 }), atMost(1));
      expect(await limitUses.hold(limitUse("2"), atMost(1, { since: 1000 }))).toMatchObject({
        granted: false,
      });
      expect(await limitUses.hold(limitUse("2"), atMost(1, { since: 1001 }))).toEqual(granted);
      expect(await limitUses.hold(limitUse("1", { scope: "other" }), atMost(1))).toEqual(granted);
      expect(await limitUses.hold(limitUse("1", { ruleId: "s" }), atMost(1))).toEqual(granted);
      expect(await limitUses.prune(1000)).toBe(0);
      expect(await limitUses.prune(1001)).toBe(4);
      expect(await limitUses.usage("r", "run", 0)).toEqual({ calls: 0, amount: 0, held: 0 });
    },
  },
  {
    name: "counts a call once, whatever is said of it twice",
    run: async ({ backend }) => {
      const { limitUses } = backend.tenant("a");
      await limitUses.hold(limitUse("1", { amount: 3 }), atMost(1));
      expect(await limitUses.hold(limitUse("1", { amount: 9 }), atMost(1))).toEqual(granted);
      await limitUses.use(limitUse("1"));
      await limitUses.use(limitUse("1"), 7);
      expect(await limitUses.usage("r", "run", 0)).toEqual({ calls: 1, amount: 3, held: 0 });
      await limitUses.use(limitUse("never held"));
      await limitUses.release(limitUse("never held"));
      expect((await limitUses.usage("r", "run", 0)).calls).toBe(1);
    },
  },
  {
    name: "lets no more pass than the limit, however many want to at once",
    run: async ({ backend }) => {
      const { limitUses } = backend.tenant("a");
      const sum = atMost(5000, { quantity: "amount" });
      const holds = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          limitUses.hold(limitUse(`${index}`, { amount: 2000 }), sum),
        ),
      );
      expect(holds.filter(({ granted }) => granted)).toHaveLength(2);
      expect(await limitUses.usage("r", "run", 0)).toEqual({ calls: 2, amount: 4000, held: 2 });
    },
  },
  {
    name: "refuses what would count backwards, and a limit that is none lets nothing pass",
    run: async ({ backend }) => {
      const { limitUses } = backend.tenant("a");
      const bad = code("store.bad_limit_use");
      for (const use of [
        limitUse("1", { amount: -1 }),
        limitUse("1", { amount: Number.NaN }),
        limitUse("1", { at: 0.5 }),
        limitUse(""),
      ]) {
        await expect(limitUses.hold(use, atMost(9))).rejects.toEqual(bad);
      }
      await limitUses.hold(limitUse("1"), atMost(9));
      await expect(limitUses.use(limitUse("1"), -1)).rejects.toEqual(bad);
      const none = await limitUses.hold(limitUse("2"), atMost(Number.NaN));
      expect(none).toMatchObject({ granted: false, used: 1 });
    },
  },
  {
    name: "in any order of holding, using, giving back and forgetting, is what a plain list would be",
    run: async ({ backend, clock }) => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          round += 1;
          const { limitUses } = backend.tenant(`round-${round}`);
          let model: {
            scope: string;
            callId: string;
            held: boolean;
            at: number;
            amount: number;
          }[] = [];
          const within = (scope: string, since: number) =>
            model.filter((one) => one.scope === scope && one.at >= since);
          const sum = (some: typeof model) => some.reduce((total, { amount }) => total + amount, 0);
          for (const { do: what, call, scope, amount, quantity, most, windowMs } of steps) {
            const at = clock.now();
            const use = limitUse(`${call}`, { scope, at, amount });
            const mine = (one: (typeof model)[number]) =>
              one.scope === scope && one.callId === use.callId;
            const since = Math.max(0, at - windowMs);
            if (what === "wait") clock.advance(call * 3);
            if (what === "prune") {
              const kept = model.filter((one) => one.at >= at - 20);
              expect(await limitUses.prune(at - 20)).toBe(model.length - kept.length);
              model = kept;
            }
            if (what === "hold") {
              const counted = within(scope, since);
              const used = quantity === "calls" ? counted.length : sum(counted);
              const fits = used + (quantity === "calls" ? 1 : amount) <= most;
              const known = model.some(mine);
              expect(await limitUses.hold(use, { quantity, most, since })).toEqual(
                known || fits ? granted : { granted: false, used, most },
              );
              if (fits && !known) {
                model.push({ scope, callId: use.callId, held: true, at, amount });
              }
            }
            if (what === "use") {
              await limitUses.use(use, amount);
              const found = model.find((one) => mine(one) && one.held);
              if (found !== undefined) Object.assign(found, { held: false, amount });
            }
            if (what === "release") {
              await limitUses.release(use);
              model = model.filter((one) => !mine(one) || !one.held);
            }
            const counted = within(scope, since);
            expect(await limitUses.usage("r", scope, since)).toEqual({
              calls: counted.length,
              amount: sum(counted),
              held: counted.filter(({ held }) => held).length,
            });
          }
        }),
        { numRuns: 40 },
      );
    },
  },
];
