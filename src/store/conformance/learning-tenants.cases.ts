import { expect } from "vitest";
import { checklistItems } from "../../learning/checklist-items.ts";
import { parseNewSnapshot } from "../../learning/metric-snapshot.ts";
import { automaticOf, newIntake } from "./intakes.cases.ts";
import { newLesson } from "./lessons.cases.ts";
import { newRefresh } from "./refreshes.cases.ts";
import { newSignal } from "./signals.cases.ts";
import { code } from "./suite.cases.ts";
import { type Filling, probe } from "./tenant-probe.cases.ts";
import type { TenantStore } from "../repositories/index.ts";

const ids = (page: { readonly items: readonly { readonly id: string }[] }): string[] =>
  page.items.map(({ id }) => id);
/** A place after everything in any list. */
const allOf = { cursor: "999999999", limit: 1000 };

async function signalOf({ signals }: TenantStore, { mark }: Filling) {
  const input = newSignal({ summary: mark, details: mark });
  return (await signals.record(input, { dedupeWindowMs: 0 })).signal;
}

const unknownIntake = code("learning.unknown_intake");
const unknownSignal = code("learning.unknown_signal");

const intakes = probe("intakes", {
  fill: async (store, filling) => {
    const [tied, free] = [await signalOf(store, filling), await signalOf(store, filling)];
    const { id } = await store.intakes.create(newIntake(filling.mark), { signalIds: [tied.id] });
    return { id, tied, free };
  },
  view: async (store, { id, tied }) => [
    await store.intakes.list(),
    await store.intakes.get(id),
    await store.signals.get(tied.id),
  ],
  swaps: {
    create: async (stranger, { tied, free }, own) => {
      for (const { id } of [tied, free]) {
        const made = stranger.create(newIntake("mine"), { signalIds: [own.free.id, id] });
        await expect(made).rejects.toEqual(unknownSignal);
      }
      expect(ids(await stranger.list())).toEqual([own.id]);
    },
    createAutomatic: async (stranger, { tied, free }, own) => {
      for (const { id } of [tied, free]) {
        const made = stranger.createAutomatic(automaticOf(own.free), id);
        await expect(made).rejects.toEqual(unknownSignal);
      }
      expect(ids(await stranger.list())).toEqual([own.id]);
    },
    insertMigrated: async (stranger, { id }, own) => {
      const { signalIds: _, tenant: _tenant, ...mine } = await stranger.find(own.id);
      expect(await stranger.insertMigrated({ ...mine, id })).toBe(true);
      // Their signals name an intake of this id, and are not this one's.
      expect(await stranger.get(id)).toMatchObject({ content: mine.content, signalIds: [] });
    },
    get: async (stranger, { id }) => {
      expect(await stranger.get(id)).toBeUndefined();
    },
    find: async (stranger, { id }) => {
      await expect(stranger.find(id)).rejects.toEqual(unknownIntake);
    },
    list: async (stranger, _, own) => {
      expect(ids(await stranger.list(allOf))).toEqual([own.id]);
      expect(ids(await stranger.list({ state: "submitted" }))).toEqual([own.id]);
    },
    transition: async (stranger, { id }) => {
      await expect(stranger.transition(id, "triaged", "me")).rejects.toEqual(unknownIntake);
    },
    update: async (stranger, { id }) => {
      const update = stranger.update(id, { analysis: { mine: true } });
      await expect(update).rejects.toEqual(unknownIntake);
    },
  },
});

const unknownLesson = code("learning.unknown_lesson");

const lessons = probe("lessons", {
  fill: async (store, filling) => {
    const signal = await signalOf(store, filling);
    const intake = await store.intakes.create(newIntake(filling.mark));
    const links = { intakeIds: [intake.id], signalIds: [signal.id] };
    const open = await store.lessons.create(newLesson(filling.mark, 1, links));
    const done = await store.lessons.create(newLesson(filling.mark, 0, { what: filling.mark }));
    return { open: open.id, done: done.id, intake: intake.id, signal: signal.id };
  },
  view: async (store, { open, done }) => [
    await store.lessons.list(),
    await store.lessons.get(open),
    await store.lessons.find(done),
  ],
  swaps: {
    create: async (stranger, { intake, signal }, own) => {
      const from = (intakeIds: string[], signalIds: string[]) =>
        stranger.create(newLesson("mine", 0, { intakeIds, signalIds }));
      await expect(from([intake], [])).rejects.toEqual(unknownIntake);
      await expect(from([own.intake], [own.signal, signal])).rejects.toEqual(unknownSignal);
      expect(ids(await stranger.list())).toEqual([own.done, own.open]);
    },
    get: async (stranger, { open, done }) => {
      for (const id of [open, done]) expect(await stranger.get(id)).toBeUndefined();
    },
    find: async (stranger, { open, done }) => {
      for (const id of [open, done]) {
        await expect(stranger.find(id)).rejects.toEqual(unknownLesson);
      }
    },
    list: async (stranger, _, own) => {
      expect(ids(await stranger.list(allOf))).toEqual([own.done, own.open]);
    },
    setAction: async (stranger, { open }) => {
      const change = stranger.setAction(open, 0, { state: "completed" });
      await expect(change).rejects.toEqual(unknownLesson);
    },
    verify: async (stranger, { done }) => {
      await expect(stranger.verify(done, "seen", "me")).rejects.toEqual(unknownLesson);
    },
  },
});

const unknownChecklist = code("learning.unknown_checklist");
const item = checklistItems.monthly[0]?.id ?? "";

const checklists = probe("checklists", {
  fill: async (store, { name, mark }) => {
    const given = { period: "monthly", reference: name } as const;
    const { id } = await store.checklists.create(given);
    await store.checklists.complete(id, item, mark, mark);
    return { id, given };
  },
  view: async (store, { id }) => [
    await store.checklists.list(),
    await store.checklists.get(id),
    await store.checklists.evaluate(id),
  ],
  swaps: {
    // A month has one checklist of each tenant.
    create: async (stranger, { id, given }, own) => {
      const made = await stranger.create(given);
      expect(made.id).not.toBe(id);
      expect(ids(await stranger.list())).toEqual([made.id, own.id]);
    },
    get: async (stranger, { id }) => {
      expect(await stranger.get(id)).toBeUndefined();
    },
    find: async (stranger, { id }) => {
      await expect(stranger.find(id)).rejects.toEqual(unknownChecklist);
    },
    list: async (stranger, _, own) => {
      expect(ids(await stranger.list(allOf))).toEqual([own.id]);
    },
    complete: async (stranger, { id }) => {
      for (const { id: itemId } of checklistItems.monthly) {
        await expect(stranger.complete(id, itemId, "me")).rejects.toEqual(unknownChecklist);
      }
    },
    reopen: async (stranger, { id }) => {
      await expect(stranger.reopen(id, item)).rejects.toEqual(unknownChecklist);
    },
    evaluate: async (stranger, { id }) => {
      expect(await stranger.evaluate(id)).toBeUndefined();
    },
  },
});

const unknownMetric = code("learning.unknown_metric");
const metricsOf = (id: string, name: string, unit: string) =>
  parseNewSnapshot({ period: name, metrics: [{ id, name, value: 3, unit, polarity: "lower" }] });

const metrics = probe("metrics", {
  fill: async (store, { name, mark }) => {
    const { id } = await store.metrics.snapshot(metricsOf(name, mark, "tasks"));
    return { id, metric: name };
  },
  view: async (store, { id, metric }) => [
    await store.metrics.list(),
    await store.metrics.get(id),
    await store.metrics.history(metric),
    await store.metrics.trend(metric),
  ],
  swaps: {
    // What theirs is measured in binds nobody else.
    snapshot: async (stranger, { metric }) => {
      const taken = await stranger.snapshot(metricsOf(metric, "mine", "hours"));
      expect(taken.metrics).toMatchObject([{ id: metric, name: "mine", unit: "hours" }]);
      expect(await stranger.history(metric)).toHaveLength(1);
    },
    get: async (stranger, { id }) => {
      expect(await stranger.get(id)).toBeUndefined();
    },
    find: async (stranger, { id }) => {
      await expect(stranger.find(id)).rejects.toEqual(code("learning.unknown_snapshot"));
    },
    list: async (stranger, _, own) => {
      expect(ids(await stranger.list(allOf))).toEqual([own.id]);
    },
    latest: async (stranger, _, own) => {
      expect((await stranger.latest())?.id).toBe(own.id);
    },
    history: async (stranger, { metric }) => {
      await expect(stranger.history(metric)).rejects.toEqual(unknownMetric);
      // Nor is theirs among the names that it could have been.
      const other = await stranger.history(`${metric}x`).catch((error: unknown) => error);
      expect(other).toEqual(unknownMetric);
      expect(JSON.stringify(other)).not.toContain(`"${metric}"`);
    },
    trend: async (stranger, { metric }) => {
      await expect(stranger.trend(metric)).rejects.toEqual(unknownMetric);
    },
  },
});

const unknownRefresh = code("learning.unknown_refresh");

const refreshes = probe("refreshes", {
  fill: async (store, { mark }) => {
    const { id } = await store.refreshes.create(newRefresh(mark, { reason: mark }));
    return { id };
  },
  view: async (store, { id }) => [await store.refreshes.list(), await store.refreshes.get(id)],
  swaps: {
    create: async (stranger, { id }, own) => {
      const made = await stranger.create(newRefresh("mine"));
      expect(made.id).not.toBe(id);
      expect(ids(await stranger.list())).toEqual([made.id, own.id]);
    },
    get: async (stranger, { id }) => {
      expect(await stranger.get(id)).toBeUndefined();
    },
    find: async (stranger, { id }) => {
      await expect(stranger.find(id)).rejects.toEqual(unknownRefresh);
    },
    list: async (stranger, _, own) => {
      expect(ids(await stranger.list(allOf))).toEqual([own.id]);
    },
    complete: async (stranger, { id }) => {
      const done = stranger.complete(id, "done", ["one change"], "me");
      await expect(done).rejects.toEqual(unknownRefresh);
    },
  },
});

const unknownBudget = code("store.unknown_budget");

const budgets = probe("budgets", {
  fill: async (store, { name, mark }) => {
    await store.budgets.define(name, { calls: 5, tokens: 100 });
    await store.budgets.define(mark, { calls: 1 });
    await store.budgets.draw(name, { calls: 2, tokens: 10 });
    return { id: name };
  },
  view: async (store, { id }) => [await store.budgets.list(), await store.budgets.get(id)],
  swaps: {
    // Two tenants may have budgets of one name.
    define: async (stranger, { id }) => {
      expect(await stranger.define(id, { calls: 9 })).toMatchObject({ used: { calls: 0 } });
      await stranger.define(id, { calls: 1 }, { replace: true });
      await stranger.draw(id, { calls: 1 });
      expect(await stranger.get(id)).toMatchObject({ limits: { calls: 1 }, used: { calls: 1 } });
    },
    draw: async (stranger, { id }) => {
      await expect(stranger.draw(id, { calls: 1 })).rejects.toEqual(unknownBudget);
      await expect(stranger.draw(id, { calls: 99 })).rejects.toEqual(unknownBudget);
    },
    giveBack: async (stranger, { id }) => {
      await expect(stranger.giveBack(id, { calls: 1 })).rejects.toEqual(unknownBudget);
    },
    get: async (stranger, { id }) => {
      expect(await stranger.get(id)).toBeUndefined();
    },
    list: async (stranger, _, own) => {
      expect((await stranger.list()).map(({ id }) => id).sort()).toEqual(["known", own.id].sort());
    },
  },
});

/** How the rest of what is learned, and the budgets, keep two tenants apart. */
export const learningProbes = { intakes, lessons, checklists, metrics, refreshes, budgets };
