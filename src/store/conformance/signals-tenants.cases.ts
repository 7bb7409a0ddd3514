import { expect } from "vitest";
import { newRun } from "../store.fixture.ts";
import { newSignal } from "./signals.cases.ts";
import { code } from "./suite.cases.ts";
import { probe } from "./tenant-probe.cases.ts";

const options = { dedupeWindowMs: 86_400_000 };
const unknown = code("learning.unknown_signal");
const everything = { minSeverity: "low", minScore: 0, limit: 1000 } as const;

const signals = probe("signals", {
  fill: async (store, { name, mark }) => {
    const input = newSignal({
      summary: "Both tenants see this",
      details: mark,
      context: { mark },
      idempotencyKey: `${name}-key`,
    });
    const { signal } = await store.signals.record(input, options);
    const { signal: tied } = await store.signals.record(newSignal({ summary: mark }), options);
    const intakeId = `${name}-intake`;
    await store.signals.link(tied.id, intakeId);
    await store.signals.transition(tied.id, "acknowledged", mark, mark);
    return { id: signal.id, tied: tied.id, intakeId, input };
  },
  view: async (store, { id, tied, intakeId }) => [
    await store.signals.list(),
    await store.signals.get(id),
    await store.signals.find(tied),
    await store.signals.signalsOf(intakeId),
    await store.signals.waiting(everything),
  ],
  swaps: {
    // Their key is free here, and what they saw is a repeat of what the stranger saw, not of theirs.
    record: async (stranger, { input }, own) => {
      const { signal, outcome } = await stranger.record({ ...input, details: "" }, options);
      expect([outcome, signal.id]).toEqual(["repeated", own.id]);
    },
    recordMany: async (stranger, { input }, own) => {
      const fresh = { ...input, summary: "Something else", details: "", context: {} };
      const [first, second] = await stranger.recordMany([fresh, fresh], options);
      expect([first?.outcome, second?.outcome]).toEqual(["recorded", "known"]);
      expect(first?.signal.id).not.toBe(own.id);
    },
    insertMigrated: async (stranger, { id }, own) => {
      const mine = await stranger.find(own.id);
      expect(await stranger.insertMigrated({ ...mine, id })).toBe(true);
      expect(await stranger.get(id)).toMatchObject({ id, details: mine.details });
    },
    get: async (stranger, { id }) => {
      expect(await stranger.get(id)).toBeUndefined();
    },
    find: async (stranger, { id, tied }) => {
      for (const one of [id, tied]) await expect(stranger.find(one)).rejects.toEqual(unknown);
    },
    ofKeys: async (stranger, { input }) => {
      expect(await stranger.ofKeys(input.idempotencyKey ?? "")).toEqual([]);
    },
    list: async (stranger, _, own) => {
      const page = await stranger.list({ cursor: "999999999", limit: 1000 });
      expect(page.items.map(({ id }) => id)).toEqual([own.tied, own.id]);
    },
    transition: async (stranger, { id }) => {
      const change = stranger.transition(id, "resolved", "me", "");
      await expect(change).rejects.toEqual(unknown);
    },
    link: async (stranger, { id, tied, intakeId }) => {
      for (const one of [id, tied]) {
        await expect(stranger.link(one, intakeId)).rejects.toEqual(unknown);
      }
    },
    waiting: async (stranger, _, own) => {
      expect((await stranger.waiting(everything)).map(({ id }) => id)).toEqual([own.id]);
    },
    signalsOf: async (stranger, { intakeId }) => {
      expect(await stranger.signalsOf(intakeId)).toEqual([]);
    },
  },
});

const signalCounts = probe("signalCounts", {
  fill: async (store, { mark }) => {
    await store.signals.record(newSignal({ source: mark }), options);
    return {};
  },
  view: async (store) => [
    await store.signalCounts.summary(),
    await store.signalCounts.checkCounts(),
  ],
  swaps: {
    summary: async (stranger) => {
      expect(await stranger.summary()).toMatchObject({
        total: 1,
        bySource: { top: [{ source: "known", signals: 1 }], other: { signals: 0 } },
      });
    },
    // It compares the stranger's own counts with the stranger's own signals.
    checkCounts: async (stranger) => {
      expect(await stranger.checkCounts()).toEqual([]);
    },
  },
});

const learnedRuns = probe("learnedRuns", {
  fill: async (store, { name, mark }) => {
    const [run, unread] = [`${name}-read`, `${name}-unread`];
    for (const id of [run, unread]) {
      await store.runs.create({ ...newRun(id), task: mark });
      await store.runLog.append(id, [{ type: "message.user", text: mark }]);
      await store.runs.finish(id, { outcome: "failed", costMicroUsd: 0, unpricedCalls: 0 });
    }
    await store.learnedRuns.setMark(run, 1);
    return { run, unread };
  },
  view: async (store, { run, unread }) => [
    await store.learnedRuns.mark(run),
    await store.learnedRuns.mark(unread),
    await store.learnedRuns.behind(1000),
  ],
  swaps: {
    mark: async (stranger, { run }) => {
      expect(await stranger.mark(run)).toBe(0);
    },
    behind: async (stranger, _, own) => {
      expect(await stranger.behind(1000)).toEqual([own.unread]);
    },
    // A mark for a run of somebody else is the stranger's own note and moves nothing of theirs.
    setMark: async (stranger, { run, unread }) => {
      for (const id of [run, unread]) {
        await stranger.setMark(id, 9);
        expect(await stranger.mark(id)).toBe(9);
      }
    },
  },
});

/** How the repositories of signals keep two tenants apart. */
export const signalsProbes = { signals, signalCounts, learnedRuns };
