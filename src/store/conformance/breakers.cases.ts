import * as fc from "fast-check";
import { expect } from "vitest";
import type { BreakerForce, BreakerStanding, StoredBreaker } from "../repositories/breakers.ts";
import { type Case, code } from "./suite.cases.ts";

/** A breaker that has just opened for a while. */
export function openBreaker(key: string, openUntil: number): BreakerStanding {
  return { key, state: "open", openUntil, openings: 1, timesOpened: 4 };
}

const force = (until: number | null): BreakerForce => ({
  state: "open",
  until,
  by: "mara",
  reason: "It is being mended",
});

const step = fc.record({
  do: fc.constantFrom("save", "force", "unforce", "wait"),
  key: fc.constantFrom("a", "b", "c"),
  state: fc.constantFrom("closed" as const, "open" as const, "half_open" as const),
  number: fc.nat({ max: 9 }),
});

/** Breakers over restarts, and what a person has forced. */
export const breakersCases: readonly Case[] = [
  {
    name: "keeps what a breaker is and what a person forced apart",
    run: async ({ backend, clock }) => {
      const { breakers } = backend.tenant("a");
      expect(await breakers.list()).toEqual([]);
      const standing = openBreaker("mcp:files|-:-|read", clock.now() + 5000);
      await breakers.save(standing);
      const saved: StoredBreaker = { ...standing, forced: null, updatedAt: clock.now() };
      expect(await breakers.list()).toEqual([saved]);
      clock.advance(1);
      await breakers.force(standing.key, { ...force(null), state: "closed" });
      const forced = { ...saved, forced: { ...force(null), state: "closed" } };
      expect(await breakers.list()).toEqual([{ ...forced, updatedAt: clock.now() }]);
      const closed: BreakerStanding = {
        ...standing,
        state: "closed",
        openUntil: null,
        openings: 0,
      };
      await breakers.save(closed);
      expect(await breakers.list()).toEqual([{ ...forced, ...closed, updatedAt: clock.now() }]);
      expect(await breakers.unforce(standing.key)).toBe(true);
      expect(await breakers.unforce(standing.key)).toBe(false);
      expect(await breakers.unforce("nobody")).toBe(false);
      expect(await breakers.list()).toEqual([{ ...saved, ...closed, updatedAt: clock.now() }]);
    },
  },
  {
    name: "forces a breaker that never opened, until its time is over",
    run: async ({ backend, clock }) => {
      const { breakers } = backend.tenant("a");
      const until = clock.now() + 100;
      await breakers.force("http:shop", force(until));
      const found = { key: "http:shop", state: "closed", openUntil: null, timesOpened: 0 };
      expect(await breakers.list()).toMatchObject([{ ...found, forced: force(until) }]);
      await breakers.force("http:shop", { ...force(until), reason: "Another reason" });
      expect(await breakers.list()).toMatchObject([{ forced: { reason: "Another reason" } }]);
      clock.advance(100);
      expect(await breakers.list()).toMatchObject([{ ...found, forced: null }]);
      expect(await breakers.unforce("http:shop")).toBe(false);
    },
  },
  {
    name: "tells what has changed since a time, by key",
    run: async ({ backend, clock }) => {
      const { breakers } = backend.tenant("a");
      await breakers.save(openBreaker("b", 1));
      await breakers.save(openBreaker("a", 1));
      clock.advance(10);
      const later = clock.now();
      expect(await breakers.list({ changedSince: later })).toEqual([]);
      await breakers.force("c", force(null));
      await breakers.unforce("c");
      await breakers.save(openBreaker("b", 2));
      const keys = async (changedSince?: number) =>
        (await breakers.list(changedSince === undefined ? {} : { changedSince })).map(
          ({ key }) => key,
        );
      expect(await keys(later)).toEqual(["b", "c"]);
      expect(await keys()).toEqual(["a", "b", "c"]);
    },
  },
  {
    name: "refuses a breaker without a key, and a forcing that nobody answers for",
    run: async ({ backend }) => {
      const { breakers } = backend.tenant("a");
      const bad = code("store.bad_breaker");
      await expect(breakers.save(openBreaker("", 1))).rejects.toEqual(bad);
      await expect(breakers.save({ ...openBreaker("a", 1), openings: -1 })).rejects.toEqual(bad);
      await expect(breakers.force("", force(null))).rejects.toEqual(bad);
      await expect(breakers.force("a", { ...force(null), by: "" })).rejects.toEqual(bad);
      await expect(breakers.force("a", { ...force(null), reason: "" })).rejects.toEqual(bad);
      expect(await breakers.list()).toEqual([]);
    },
  },
  {
    name: "in any order of saving, forcing and waiting, is what a plain map would be",
    run: async ({ backend, clock }) => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          round += 1;
          const { breakers } = backend.tenant(`round-${round}`);
          const model = new Map<string, StoredBreaker>();
          const forcedNow = (one: StoredBreaker | undefined): BreakerForce | null => {
            const { until = null } = one?.forced ?? {};
            return until !== null && until <= clock.now() ? null : (one?.forced ?? null);
          };
          for (const { do: what, key, state, number } of steps) {
            const known = model.get(key);
            const updatedAt = clock.now();
            if (what === "wait") clock.advance(number);
            if (what === "save") {
              const openUntil = state === "open" ? number : null;
              const standing = { key, state, openUntil, openings: number, timesOpened: number };
              await breakers.save(standing);
              model.set(key, { ...standing, forced: known?.forced ?? null, updatedAt });
            }
            if (what === "force") {
              const until = number === 0 ? null : clock.now() + number;
              const forced = { ...force(until), reason: `reason ${number}` };
              await breakers.force(key, forced);
              const before = { key, state: "closed" as const, openUntil: null };
              const counts = { openings: 0, timesOpened: 0 };
              model.set(key, { ...before, ...counts, ...known, forced, updatedAt });
            }
            if (what === "unforce") {
              expect(await breakers.unforce(key)).toBe(forcedNow(known) !== null);
              if (known !== undefined && known.forced !== null) {
                model.set(key, { ...known, forced: null, updatedAt });
              }
            }
          }
          const expected = [...model.values()].map((one) => ({ ...one, forced: forcedNow(one) }));
          expect(await breakers.list()).toEqual(
            expected.sort((one, other) => (one.key < other.key ? -1 : 1)),
          );
        }),
        { numRuns: 40 },
      );
    },
  },
];
