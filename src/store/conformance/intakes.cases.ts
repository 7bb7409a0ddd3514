import * as fc from "fast-check";
import { expect } from "vitest";
import { type NewIntake, parseNewIntake } from "../../learning/intake.ts";
import { submitIntake } from "../../learning/intake-life.ts";
import { intakeMoves } from "../../learning/intake-moves.fixture.ts";
import { intakeFromSignal } from "../../learning/intake-rules.ts";
import { type IntakeState, intakeStates } from "../../learning/intake-state.ts";
import type { Signal } from "../../learning/signal.ts";
import { change } from "../program.ts";
import type { AutomaticIntake, MigratedIntake } from "../repositories/intakes.ts";
import { newSignal } from "./signals.cases.ts";
import { type Bench, type Case, code } from "./suite.cases.ts";

/** An intake with nothing special in it. */
export function newIntake(title: string, fields: Partial<NewIntake> = {}): NewIntake {
  return parseNewIntake({
    submittedBy: "mara",
    classification: { researchType: "technical" },
    content: { title },
    ...fields,
  });
}

/** The intake that a signal asks for. */
export function automaticOf(signal: Signal): AutomaticIntake {
  const { score, label } = signal.quality;
  return { ...intakeFromSignal(signal), quality: { score, label } };
}

async function record({ backend }: Bench, summary: string, tenant = "a"): Promise<Signal> {
  const { signals } = backend.tenant(tenant);
  return (await signals.record(newSignal({ summary }), { dedupeWindowMs: 0 })).signal;
}

const titlesOf = (items: readonly { readonly content: { readonly title: string } }[]): string[] =>
  items.map(({ content }) => content.title);

const migrated: MigratedIntake = {
  ...newIntake("Brought along"),
  id: "RI-0123456789ab",
  submittedAt: 1_600_000_000_000,
  updatedAt: 1_600_000_900_000,
  automatic: true,
  quality: { score: 0.812, label: "high" },
  disposition: {
    state: "deferred",
    decidedAt: 1_600_000_900_000,
    decidedBy: "noor",
    rationale: "not now",
    actionItems: ["ask again"],
  },
  tracking: { backlogRefs: ["B-1"], roadmapImpact: "", implementationTarget: "" },
  history: [],
};

/** What is to be looked into and decided on. */
export const intakesCases: readonly Case[] = [
  {
    name: "keeps all that an intake says",
    run: async ({ backend, clock }) => {
      const { intakes } = backend.tenant("a");
      const given = newIntake("Prune é\u{1f600}\n'\"\\", {
        content: { title: "x", summary: "y", source: "z", sourceDate: "2026-07-31" },
        relevance: { impactAreas: ["a"], affectedPhases: [], affectedAgents: ["b"], priority: 9 },
        analysis: { deep: [{ list: [1, null, true] }] },
      });
      const made = await intakes.create(given);
      const { id } = made;
      expect(id).toMatch(/^RI-[0-9a-f-]{36}$/);
      const own = { id, tenant: "a", automatic: false, quality: null, at: clock.now() };
      expect(made).toEqual({ ...submitIntake(given, own), signalIds: [] });
      expect(await intakes.get(made.id)).toEqual(made);
      expect(await intakes.find(made.id)).toEqual(made);
      expect((await intakes.list()).items).toEqual([made]);
      expect(await intakes.get("RI-0")).toBeUndefined();
      await expect(intakes.find("RI-zz")).rejects.toEqual(code("learning.unknown_intake"));
    },
  },
  {
    name: "answers which signals an intake is about, oldest first",
    run: async (bench) => {
      const { intakes, signals } = bench.backend.tenant("a");
      const [one, two] = [await record(bench, "one"), await record(bench, "two")];
      const made = await intakes.create(newIntake("x"), { signalIds: [two.id, one.id, two.id] });
      const other = await intakes.create(newIntake("y"));
      expect(made.signalIds).toEqual([one.id, two.id]);
      expect(await intakes.get(made.id)).toEqual(made);
      expect((await intakes.list()).items).toEqual([other, made]);
      expect((await signals.get(one.id))?.intakeId).toBe(made.id);
    },
  },
  {
    name: "makes nothing where a signal is unknown or has another intake",
    run: async (bench) => {
      const { intakes, signals } = bench.backend.tenant("a");
      const [free, taken] = [await record(bench, "free"), await record(bench, "taken")];
      const first = await intakes.create(newIntake("x"), { signalIds: [taken.id] });
      const foreign = await record(bench, "foreign", "b");
      for (const signalIds of [
        [free.id, "LS-zz"],
        [free.id, foreign.id],
      ]) {
        await expect(intakes.create(newIntake("y"), { signalIds })).rejects.toEqual(
          code("learning.unknown_signal"),
        );
      }
      await expect(
        intakes.create(newIntake("y"), { signalIds: [free.id, taken.id] }),
      ).rejects.toEqual(code("learning.signal_linked"));
      expect((await intakes.list()).items).toEqual([first]);
      expect((await signals.get(free.id))?.intakeId).toBeNull();
      expect((await bench.backend.tenant("b").signals.get(foreign.id))?.intakeId).toBeNull();
    },
  },
  {
    name: "lists the newest first, page by page, and those that a filter asks for",
    run: async (bench) => {
      const { intakes } = bench.backend.tenant("a");
      for (const title of ["one", "two", "three"]) await intakes.create(newIntake(title));
      const external = { researchType: "external", category: "", urgency: "high" } as const;
      const four = await intakes.create(newIntake("four", { classification: external }));
      await intakes.transition(four.id, "triaged", "mara");
      const signal = await record(bench, "five");
      await intakes.createAutomatic({ ...automaticOf(signal), title: "five" }, signal.id);
      const first = await intakes.list({ limit: 2 });
      expect(titlesOf(first.items)).toEqual(["five", "four"]);
      const second = await intakes.list({ limit: 3, cursor: first.nextCursor ?? "" });
      expect(titlesOf(second.items)).toEqual(["three", "two", "one"]);
      expect(second.nextCursor).toBeNull();
      const titles = async (filter: Parameters<typeof intakes.list>[0]) =>
        titlesOf((await intakes.list(filter)).items);
      expect(await titles({ state: "triaged" })).toEqual(["four"]);
      expect(await titles({ researchType: "technical", limit: 2 })).toEqual(["three", "two"]);
      expect(await titles({ researchType: "internal" })).toEqual(["five"]);
      expect(await titles({ urgency: "high", automatic: false })).toEqual(["four"]);
      expect(await titles({ automatic: true })).toEqual(["five"]);
      expect(await titles({ automatic: false, state: "submitted" })).toEqual([
        "three",
        "two",
        "one",
      ]);
    },
  },
  {
    name: "keeps a change of state with its decision, and nothing of one that is not allowed",
    run: async ({ backend, clock }) => {
      const { intakes } = backend.tenant("a");
      const { id } = await intakes.create(newIntake("x"));
      clock.advance(1000);
      await intakes.transition(id, "triaged", "mara");
      await intakes.transition(id, "analyzing", "mara", { rationale: "looks real" });
      const accepted = await intakes.transition(id, "accepted", "noor", {
        rationale: "worth it",
        actionItems: ["write it"],
      });
      expect(accepted.disposition).toEqual({
        state: "accepted",
        decidedAt: clock.now(),
        decidedBy: "noor",
        rationale: "worth it",
        actionItems: ["write it"],
      });
      expect(accepted.history.map(({ to, rationale }) => [to, rationale])).toEqual([
        ["triaged", ""],
        ["analyzing", "looks real"],
        ["accepted", "worth it"],
      ]);
      expect(accepted.updatedAt).toBe(clock.now());
      expect(await intakes.get(id)).toEqual(accepted);
      await expect(intakes.transition(id, "triaged", "mara")).rejects.toMatchObject({
        code: "learning.bad_transition",
        details: { from: "accepted", to: "triaged", allowed: ["tracked"] },
      });
      await expect(intakes.transition("RI-zz", "triaged", "mara")).rejects.toEqual(
        code("learning.unknown_intake"),
      );
      expect(await intakes.get(id)).toEqual(accepted);
    },
  },
  {
    name: "keeps what was found out, and where it is tracked",
    run: async ({ backend, clock }) => {
      const { intakes } = backend.tenant("a");
      const made = await intakes.create(newIntake("x"));
      clock.advance(1000);
      await intakes.update(made.id, { analysis: { cause: "cache" } });
      const updated = await intakes.update(made.id, { tracking: { backlogRefs: ["B-7"] } });
      expect(updated).toEqual({
        ...made,
        analysis: { cause: "cache" },
        tracking: { backlogRefs: ["B-7"], roadmapImpact: "", implementationTarget: "" },
        updatedAt: clock.now(),
      });
      expect(await intakes.get(made.id)).toEqual(updated);
    },
  },
  {
    name: "refuses text that no backend can hold, wherever it stands, and writes nothing",
    run: async ({ backend }) => {
      const { intakes } = backend.tenant("a");
      const made = await intakes.create(newIntake("x"));
      const bad = code("learning.bad_intake");
      for (const text of ["x\u0000", "\ud800"]) {
        await expect(intakes.create({ ...newIntake("y"), submittedBy: text })).rejects.toEqual(bad);
        await expect(intakes.transition(made.id, "triaged", text)).rejects.toEqual(bad);
        await expect(
          intakes.transition(made.id, "triaged", "mara", { rationale: text }),
        ).rejects.toEqual(bad);
        await expect(
          intakes.transition(made.id, "triaged", "mara", { actionItems: [text] }),
        ).rejects.toEqual(bad);
        await expect(intakes.update(made.id, { analysis: { [text]: 1 } })).rejects.toEqual(bad);
        await expect(
          intakes.update(made.id, { tracking: { roadmapImpact: text } }),
        ).rejects.toEqual(bad);
      }
      expect((await intakes.list()).items).toEqual([made]);
    },
  },
  {
    name: "makes one intake of a signal, however many want to at once",
    run: async (bench) => {
      const { intakes } = bench.backend.tenant("a");
      const signal = await record(bench, "It broke again");
      const results = await Promise.all(
        Array.from({ length: 20 }, () => intakes.createAutomatic(automaticOf(signal), signal.id)),
      );
      expect(results.filter(({ made }) => made)).toHaveLength(1);
      const { items } = await intakes.list();
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({
        automatic: true,
        submittedBy: "agent33",
        signalIds: [signal.id],
        classification: { researchType: "internal", category: "learning:bug", urgency: "high" },
        quality: { score: signal.quality.score, label: signal.quality.label },
      });
      for (const { intake } of results) expect(intake).toEqual(items[0]);
      await expect(intakes.createAutomatic(automaticOf(signal), "LS-zz")).rejects.toEqual(
        code("learning.unknown_signal"),
      );
      expect((await intakes.list()).items).toHaveLength(1);
    },
  },
  {
    name: "gives the intake that somebody made of a signal instead of an automatic one",
    run: async (bench) => {
      const { intakes } = bench.backend.tenant("a");
      const signal = await record(bench, "It broke");
      const intake = await intakes.create(newIntake("by hand"), { signalIds: [signal.id] });
      expect(await intakes.createAutomatic(automaticOf(signal), signal.id)).toEqual({
        intake,
        made: false,
      });
    },
  },
  {
    name: "takes over an intake as it was, once, and never over another",
    run: async ({ backend }) => {
      const { intakes } = backend.tenant("a");
      expect(await intakes.insertMigrated(migrated)).toBe(true);
      const kept = { ...migrated, tenant: "a", signalIds: [] };
      expect(await intakes.get(migrated.id)).toEqual(kept);
      const other = { ...migrated, content: newIntake("other").content };
      expect(await intakes.insertMigrated(other)).toBe(false);
      expect(await intakes.get(migrated.id)).toEqual(kept);
      const bad = { ...migrated, id: "RI-2", submittedBy: "" };
      await expect(intakes.insertMigrated(bad)).rejects.toEqual(code("learning.bad_intake"));
      expect((await intakes.list()).items).toEqual([kept]);
      // It goes on as one that was made here.
      const { disposition } = await intakes.transition(migrated.id, "triaged", "mara");
      expect(disposition).toMatchObject({ state: "triaged", decidedAt: null });
    },
  },
  {
    name: "names a damaged row, and goes on with the others",
    run: async ({ backend }) => {
      const { intakes } = backend.tenant("a");
      const good = await intakes.create(newIntake("x"));
      const bad = await intakes.create(newIntake("y"));
      for (const body of ["{", "[]", "{}", '{"disposition":7}', '{"content":{"title":"z"}}']) {
        await backend.tables.write(function* () {
          yield* change("UPDATE intakes SET body = ? WHERE id = ?", body, bad.id);
        });
        await expect(intakes.get(bad.id)).rejects.toMatchObject({
          code: "store.bad_row",
          details: { table: "intakes", id: bad.id },
        });
        const move = intakes.transition(bad.id, "triaged", "mara");
        await expect(move).rejects.toEqual(code("store.bad_row"));
        const damaged = [expect.stringContaining(bad.id)];
        expect(await intakes.list()).toEqual({ items: [good], damaged, nextCursor: null });
      }
      expect(await intakes.get(good.id)).toEqual(good);
    },
  },
  {
    name: "lets one of many that contradict each other decide",
    run: async ({ backend }) => {
      const { intakes } = backend.tenant("a");
      const { id } = await intakes.create(newIntake("x"));
      for (const state of ["triaged", "analyzing"]) await intakes.transition(id, state, "mara");
      const states = ["accepted", "deferred", "rejected"];
      const settled = await Promise.allSettled(
        Array.from({ length: 18 }, (_, index) =>
          intakes.transition(id, states[index % 3] ?? "", `person ${index}`),
        ),
      );
      const done = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      expect(done).toHaveLength(1);
      for (const one of settled) {
        if (one.status === "rejected") expect(one.reason).toEqual(code("learning.bad_transition"));
      }
      expect(await intakes.get(id)).toEqual(done[0]);
    },
  },
  {
    name: "agrees with a plain list of states whatever is asked for",
    run: async ({ backend }) => {
      let run = 0;
      const refused = (work: Promise<unknown>): Promise<void> =>
        expect(work).rejects.toEqual(code("learning.bad_transition"));
      const step = fc.oneof(
        { weight: 1, arbitrary: fc.constant("create" as const) },
        {
          weight: 6,
          arbitrary: fc.record({ which: fc.constantFrom(0, 1, 2), move: fc.constantFrom(0, 1, 2) }),
        },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (steps) => {
          run += 1;
          const { intakes } = backend.tenant(`model-${run}`);
          const model: { readonly id: string; state: IntakeState; moves: number }[] = [];
          for (const one of steps) {
            if (one === "create") {
              const { id } = await intakes.create(newIntake("x"));
              model.push({ id, state: "submitted", moves: 0 });
              continue;
            }
            const known = model[one.which];
            const next = known === undefined ? [] : intakeMoves[known.state];
            const to = next[one.move % next.length];
            if (known === undefined || to === undefined) continue;
            const { disposition } = await intakes.transition(known.id, to, "mara");
            expect(disposition.state).toBe(to);
            Object.assign(known, { state: to, moves: known.moves + 1 });
          }
          for (const { id, state } of model) {
            for (const to of intakeStates.filter((one) => !intakeMoves[state].includes(one))) {
              await refused(intakes.transition(id, to, "mara"));
            }
          }
          const newest = model.toReversed();
          const { items } = await intakes.list({ limit: 1000 });
          expect(
            items.map(({ id, disposition, history }) => ({
              id,
              state: disposition.state,
              moves: history.length,
            })),
          ).toEqual(newest);
          for (const state of intakeStates) {
            const some = await intakes.list({ state, limit: 1000 });
            expect(some.items.map(({ id }) => id)).toEqual(
              newest.filter((known) => known.state === state).map(({ id }) => id),
            );
          }
        }),
        { numRuns: 30 },
      );
    },
  },
];
