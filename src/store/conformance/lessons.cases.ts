import * as fc from "fast-check";
import { expect } from "vitest";
import {
  type ActionState,
  actionStates,
  type NewLesson,
  parseNewLesson,
} from "../../learning/lesson.ts";
import { change } from "../program.ts";
import { newIntake } from "./intakes.cases.ts";
import { newSignal } from "./signals.cases.ts";
import { type Case, code } from "./suite.cases.ts";

/** A lesson with nothing special in it, with so many actions. */
export function newLesson(title: string, actions = 0, fields: Partial<NewLesson> = {}): NewLesson {
  return parseNewLesson({
    eventType: "failure",
    title,
    recordedBy: "mara",
    actions: Array.from({ length: actions }, (_, index) => ({ description: `do ${index}` })),
    ...fields,
  });
}

const titlesOf = (items: readonly { readonly title: string }[]): string[] =>
  items.map(({ title }) => title);

/** What was learned, and what is done about it. */
export const lessonsCases: readonly Case[] = [
  {
    name: "keeps all that a lesson says",
    run: async ({ backend, clock }) => {
      const { lessons, intakes, signals } = backend.tenant("a");
      const intake = await intakes.create(newIntake("x"));
      const { signal } = await signals.record(newSignal(), { dedupeWindowMs: 0 });
      const given = newLesson("Ask earlier", 2, {
        what: "It waited",
        insight: "Waiting costs",
        recommendation: "Ask",
        intakeIds: [intake.id],
        signalIds: [signal.id],
      });
      const made = await lessons.create(given);
      expect(made).toEqual({
        ...given,
        id: expect.stringMatching(/^LL-[0-9a-f-]{36}$/),
        tenant: "a",
        recordedAt: clock.now(),
        updatedAt: clock.now(),
        state: "open",
        verifiedAt: null,
        verifiedBy: null,
        evidence: null,
      });
      expect(await lessons.get(made.id)).toEqual(made);
      expect(await lessons.find(made.id)).toEqual(made);
      expect((await lessons.list()).items).toEqual([made]);
      expect(await lessons.get("LL-0")).toBeUndefined();
      await expect(lessons.find("LL-zz")).rejects.toEqual(code("learning.unknown_lesson"));
    },
  },
  {
    name: "refuses links to what the tenant does not have",
    run: async ({ backend }) => {
      const { lessons } = backend.tenant("a");
      const other = backend.tenant("b");
      const intake = await other.intakes.create(newIntake("x"));
      const { signal } = await other.signals.record(newSignal(), { dedupeWindowMs: 0 });
      await expect(lessons.create(newLesson("x", 0, { intakeIds: [intake.id] }))).rejects.toEqual(
        code("learning.unknown_intake"),
      );
      await expect(lessons.create(newLesson("x", 0, { signalIds: [signal.id] }))).rejects.toEqual(
        code("learning.unknown_signal"),
      );
      expect((await lessons.list()).items).toEqual([]);
    },
  },
  {
    name: "lists the newest first, page by page, and those that a filter asks for",
    run: async ({ backend }) => {
      const { lessons } = backend.tenant("a");
      await lessons.create(newLesson("one"));
      const two = await lessons.create(newLesson("two"));
      await lessons.create(newLesson("three", 0, { eventType: "success" }));
      await lessons.verify(two.id, "seen", "noor");
      const first = await lessons.list({ limit: 2 });
      expect(titlesOf(first.items)).toEqual(["three", "two"]);
      const second = await lessons.list({ limit: 2, cursor: first.nextCursor ?? "" });
      expect([titlesOf(second.items), second.nextCursor]).toEqual([["one"], null]);
      const titles = async (filter: Parameters<typeof lessons.list>[0]) =>
        titlesOf((await lessons.list(filter)).items);
      expect(await titles({ eventType: "failure" })).toEqual(["two", "one"]);
      expect(await titles({ state: "open" })).toEqual(["three", "one"]);
      expect(await titles({ eventType: "failure", state: "implemented" })).toEqual(["two"]);
    },
  },
  {
    name: "keeps changes of actions, and closes a lesson when none is left to do",
    run: async ({ backend, clock }) => {
      const { lessons } = backend.tenant("a");
      const { id } = await lessons.create(newLesson("x", 2));
      await lessons.setAction(id, 0, { state: "completed" });
      const plan = { owner: "noor", targetDate: "2026-07-31" };
      await lessons.setAction(id, 1, { ...plan, state: "in_progress" });
      await expect(lessons.verify(id, "seen", "noor")).rejects.toMatchObject({
        code: "learning.actions_open",
        details: { actions: [1] },
      });
      await expect(lessons.setAction(id, 2, {})).rejects.toEqual(code("learning.unknown_action"));
      clock.advance(1000);
      await lessons.setAction(id, 1, { state: "wont_fix" });
      const verified = await lessons.verify(id, "seen", "noor");
      expect(verified).toMatchObject({
        actions: [
          { description: "do 0", state: "completed", owner: null, targetDate: null },
          { description: "do 1", state: "wont_fix", ...plan },
        ],
        state: "implemented",
        verifiedAt: clock.now(),
        verifiedBy: "noor",
        evidence: "seen",
      });
      expect(await lessons.get(id)).toEqual(verified);
      await expect(lessons.verify(id, "again", "mara")).rejects.toEqual(
        code("learning.lesson_implemented"),
      );
    },
  },
  {
    name: "refuses text that no backend can hold, and writes nothing",
    run: async ({ backend }) => {
      const { lessons } = backend.tenant("a");
      const made = await lessons.create(newLesson("x", 1));
      const bad = code("learning.bad_lesson");
      for (const text of ["x\u0000", "\ud800"]) {
        await expect(lessons.create({ ...newLesson("y"), insight: text })).rejects.toEqual(bad);
        const linked = { ...newLesson("y"), signalIds: [text] };
        await expect(lessons.create(linked)).rejects.toEqual(bad);
        await expect(lessons.setAction(made.id, 0, { owner: text })).rejects.toEqual(bad);
        await lessons.setAction(made.id, 0, { state: "completed" });
        await expect(lessons.verify(made.id, text, "noor")).rejects.toEqual(bad);
        await expect(lessons.verify(made.id, "seen", text)).rejects.toEqual(bad);
        await lessons.setAction(made.id, 0, { state: "pending" });
      }
      expect((await lessons.list()).items).toEqual([made]);
    },
  },
  {
    name: "loses no change of many to the actions of one lesson",
    run: async ({ backend }) => {
      const { lessons } = backend.tenant("a");
      const { id } = await lessons.create(newLesson("x", 20));
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          lessons.setAction(id, index, { state: "completed", owner: `person ${index}` }),
        ),
      );
      const kept = await lessons.get(id);
      expect(kept?.actions.map(({ owner }) => owner)).toEqual(
        Array.from({ length: 20 }, (_, index) => `person ${index}`),
      );
    },
  },
  {
    name: "names a damaged row",
    run: async ({ backend }) => {
      const { lessons } = backend.tenant("a");
      const { id } = await lessons.create(newLesson("x"));
      await backend.tables.write(function* () {
        yield* change("UPDATE lessons SET body = '{\"title\":1}' WHERE id = ?", id);
      });
      await expect(lessons.get(id)).rejects.toMatchObject({
        code: "store.bad_row",
        details: { table: "lessons", id },
      });
    },
  },
  {
    name: "agrees with a plain list of actions whatever is done",
    run: async ({ backend }) => {
      let run = 0;
      const step = fc.oneof(
        fc.record({
          index: fc.nat({ max: 3 }),
          state: fc.constantFrom(...actionStates),
        }),
        fc.constant("verify" as const),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          run += 1;
          const { lessons } = backend.tenant(`model-${run}`);
          const { id } = await lessons.create(newLesson("x", 3));
          const actions: ActionState[] = ["pending", "pending", "pending"];
          let closed = false;
          const outcomeOf = (work: Promise<unknown>): Promise<string> =>
            work.then(
              () => "done",
              (error: unknown) => (error as { readonly code: string }).code,
            );
          for (const one of steps) {
            if (one === "verify") {
              const open = actions.some((state) => state === "pending" || state === "in_progress");
              const wanted = open ? "learning.actions_open" : "done";
              expect(await outcomeOf(lessons.verify(id, "seen", "noor"))).toBe(
                closed ? "learning.lesson_implemented" : wanted,
              );
              closed ||= !open;
              continue;
            }
            const { index, state } = one;
            const wanted = index < 3 ? "done" : "learning.unknown_action";
            expect(await outcomeOf(lessons.setAction(id, index, { state }))).toBe(
              closed ? "learning.lesson_implemented" : wanted,
            );
            if (!closed && index < 3) actions[index] = state;
          }
          const kept = await lessons.get(id);
          expect(kept?.actions.map(({ state }) => state)).toEqual(actions);
          expect(kept?.state).toBe(closed ? "implemented" : "open");
        }),
        { numRuns: 30 },
      );
    },
  },
];
