import * as fc from "fast-check";
import { expect } from "vitest";
import { checklistPeriods } from "../../learning/checklist-items.ts";
import { change } from "../program.ts";
import { type Case, code } from "./suite.cases.ts";

const monthly = { period: "monthly", reference: "2026-07" } as const;

/** What is gone through with each release, month and quarter. */
export const checklistsCases: readonly Case[] = [
  {
    name: "keeps a checklist of each period",
    run: async ({ backend, clock }) => {
      const { checklists } = backend.tenant("a");
      for (const period of checklistPeriods) {
        const made = await checklists.create({ period, reference: "one" });
        expect(made).toMatchObject({
          id: expect.stringMatching(/^CKL-[0-9a-f-]{36}$/),
          tenant: "a",
          period,
          reference: "one",
          state: "open",
          createdAt: clock.now(),
          updatedAt: clock.now(),
        });
        expect(made.items).toHaveLength(5);
        expect(await checklists.get(made.id)).toEqual(made);
        expect(await checklists.find(made.id)).toEqual(made);
      }
      expect(await checklists.get("CKL-0")).toBeUndefined();
      expect(await checklists.evaluate("CKL-0")).toBeUndefined();
      await expect(checklists.find("CKL-zz")).rejects.toEqual(code("learning.unknown_checklist"));
    },
  },
  {
    name: "has one checklist of a period and reference, however many want one at once",
    run: async ({ backend }) => {
      const { checklists } = backend.tenant("a");
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, () => checklists.create(monthly)),
      );
      const [made, ...others] = (await checklists.list()).items;
      expect(others).toEqual([]);
      const refused = settled.flatMap((one): unknown[] =>
        one.status === "rejected" ? [one.reason] : [],
      );
      expect(refused).toHaveLength(19);
      for (const reason of refused) {
        expect(reason).toMatchObject({
          code: "learning.checklist_exists",
          details: { id: made?.id },
        });
      }
      await checklists.create({ ...monthly, period: "quarterly" });
      await checklists.create({ ...monthly, reference: "2026-08" });
      await backend.tenant("b").checklists.create(monthly);
    },
  },
  {
    name: "keeps what is ticked off and by whom, and is complete when all is",
    run: async ({ backend, clock }) => {
      const { checklists } = backend.tenant("a");
      const { id } = await checklists.create(monthly);
      clock.advance(1000);
      for (const item of ["CI-06", "CI-08", "CI-09", "CI-10"]) {
        await checklists.complete(id, item, "mara");
      }
      expect(await checklists.evaluate(id)).toEqual({ complete: false, incomplete: ["CI-07"] });
      const complete = await checklists.complete(id, "CI-07", "noor", "see the report");
      expect(complete.state).toBe("complete");
      expect(complete.items[1]).toMatchObject({
        id: "CI-07",
        completedAt: clock.now(),
        completedBy: "noor",
        notes: "see the report",
      });
      expect(await checklists.get(id)).toEqual(complete);
      expect(await checklists.evaluate(id)).toEqual({ complete: true, incomplete: [] });
      expect(await checklists.complete(id, "CI-07", "mara", "me too")).toEqual(complete);
      const opened = await checklists.reopen(id, "CI-06");
      expect(opened).toMatchObject({
        state: "open",
        items: [{ completedAt: null, notes: "" }, {}, {}, {}, {}],
      });
      expect(await checklists.evaluate(id)).toEqual({ complete: false, incomplete: ["CI-06"] });
    },
  },
  {
    name: "loses none of many that tick off at once",
    run: async ({ backend }) => {
      const { checklists } = backend.tenant("a");
      const { id, items } = await checklists.create(monthly);
      await Promise.all(items.map((item) => checklists.complete(id, item.id, "mara")));
      expect((await checklists.get(id))?.state).toBe("complete");
    },
  },
  {
    name: "refuses unknown items and text that no backend can hold",
    run: async ({ backend }) => {
      const { checklists } = backend.tenant("a");
      const made = await checklists.create(monthly);
      const { id } = made;
      await expect(checklists.complete(id, "CI-01", "mara")).rejects.toEqual(
        code("learning.unknown_item"),
      );
      await expect(checklists.reopen(id, "CI-99")).rejects.toEqual(code("learning.unknown_item"));
      await expect(checklists.complete("CKL-zz", "CI-06", "mara")).rejects.toEqual(
        code("learning.unknown_checklist"),
      );
      const bad = code("learning.bad_checklist");
      for (const text of ["x\u0000", "\ud800"]) {
        await expect(checklists.create({ ...monthly, reference: text })).rejects.toEqual(bad);
        await expect(checklists.complete(id, "CI-06", text)).rejects.toEqual(bad);
        await expect(checklists.complete(id, "CI-06", "mara", text)).rejects.toEqual(bad);
      }
      expect((await checklists.list()).items).toEqual([made]);
    },
  },
  {
    name: "lists the newest first, page by page, and those that a filter asks for",
    run: async ({ backend }) => {
      const { checklists } = backend.tenant("a");
      const one = await checklists.create(monthly);
      const two = await checklists.create({ period: "per_release", reference: "1.4.0" });
      const three = await checklists.create({ ...monthly, reference: "2026-08" });
      for (const { id } of one.items) await checklists.complete(one.id, id, "mara");
      const first = await checklists.list({ limit: 2 });
      expect(first.items).toEqual([three, two]);
      const second = await checklists.list({ limit: 2, cursor: first.nextCursor ?? "" });
      expect(second.items.map(({ id }) => id)).toEqual([one.id]);
      expect(second.nextCursor).toBeNull();
      const ids = async (filter: Parameters<typeof checklists.list>[0]) =>
        (await checklists.list(filter)).items.map(({ id }) => id);
      expect(await ids({ period: "monthly" })).toEqual([three.id, one.id]);
      expect(await ids({ state: "complete" })).toEqual([one.id]);
      expect(await ids({ state: "open", period: "monthly" })).toEqual([three.id]);
    },
  },
  {
    name: "names a damaged row",
    run: async ({ backend }) => {
      const { checklists } = backend.tenant("a");
      const { id } = await checklists.create(monthly);
      await backend.tables.write(function* () {
        yield* change("UPDATE checklists SET body = '{\"items\":[{}]}' WHERE id = ?", id);
      });
      await expect(checklists.evaluate(id)).rejects.toMatchObject({
        code: "store.bad_row",
        details: { table: "checklists", id },
      });
    },
  },
  {
    name: "agrees with a plain set of open items whatever is done",
    run: async ({ backend }) => {
      let run = 0;
      const all = ["CI-06", "CI-07", "CI-08", "CI-09", "CI-10"];
      const step = fc.record({ item: fc.constantFrom(...all), done: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          run += 1;
          const { checklists } = backend.tenant(`model-${run}`);
          const { id } = await checklists.create(monthly);
          const open = new Set(all);
          for (const { item, done } of steps) {
            if (done) open.delete(item);
            else open.add(item);
            await (done ? checklists.complete(id, item, "mara") : checklists.reopen(id, item));
          }
          const complete = open.size === 0;
          expect(await checklists.evaluate(id)).toEqual({ complete, incomplete: [...open].sort() });
          const state = complete ? "complete" : "open";
          expect((await checklists.list({ state })).items).toHaveLength(1);
        }),
        { numRuns: 30 },
      );
    },
  },
];
