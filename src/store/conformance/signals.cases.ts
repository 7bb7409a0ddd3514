import { expect } from "vitest";
import { parseNewSignal, type NewSignal, type Signal } from "../../learning/signal.ts";
import type { MigratedSignal } from "../repositories/signals.ts";
import { signalsModelCases } from "./signals-model.cases.ts";
import { type Bench, type Case, code } from "./suite.cases.ts";

const minuteMs = 60_000;
const options = { dedupeWindowMs: 30 * minuteMs };

/** A signal with nothing special in it. */
export function newSignal(fields: Partial<NewSignal> = {}): NewSignal {
  return parseNewSignal({ type: "bug", severity: "high", summary: "It broke", ...fields });
}

function parts({ backend, clock }: Bench, tenant = "a") {
  const { signals, signalCounts } = backend.tenant(tenant);
  const record = (fields: Partial<NewSignal> = {}) => signals.record(newSignal(fields), options);
  return { signals, signalCounts, clock, record };
}

const idsOf = (found: readonly Signal[]): readonly string[] => found.map(({ id }) => id);

/** A signal of another store. */
const migrated = (fields: Partial<MigratedSignal> = {}): MigratedSignal => ({
  id: "LS-0123456789ab",
  type: "incident",
  severity: "low",
  summary: "Disk full",
  details: "",
  source: "ops",
  context: { host: "one" },
  quality: { score: 0.512, label: "medium", reasons: ["details_missing"] },
  occurrences: 4,
  recordedAt: 1_600_000_000_000,
  lastSeenAt: 1_600_000_500_000,
  state: "resolved",
  stateReason: "cleaned up",
  stateBy: "me",
  stateAt: 1_600_001_000_000,
  intakeId: "RI-1",
  ...fields,
});

/** What was seen and may be worth learning from. */
export const signalsCases: readonly Case[] = [
  {
    name: "finds signals by how their keys begin, those that were seen again too",
    run: async (bench) => {
      const { signals, record } = parts(bench);
      const { signal: first } = await record({ idempotencyKey: "run:r1:3" });
      await record({ idempotencyKey: "run:r1:12" });
      const { signal: other } = await record({ summary: "Else", idempotencyKey: "run:r1:4" });
      await record({ summary: "Of another run", idempotencyKey: "run:r12:3" });
      await record({ summary: "Without a key" });
      const found = await signals.ofKeys("run:r1:");
      expect(found.map(({ key, signal }) => [key, signal.id])).toEqual([
        ["run:r1:12", first.id],
        ["run:r1:3", first.id],
        ["run:r1:4", other.id],
      ]);
      expect(found[0]?.signal).toMatchObject({ summary: "It broke", occurrences: 2 });
      expect(await signals.ofKeys("run:none:")).toEqual([]);
    },
  },
  {
    name: "keeps all that a signal says, and what is found out about it",
    run: async (bench) => {
      const { signals, clock, record } = parts(bench);
      const fields = {
        summary: "The parser fails on an empty file",
        details: "é\u{1f600}\n\t'\"\\",
        source: "ci",
        context: { file: "a.ts", "odd key": "" },
      };
      const { signal, outcome } = await record(fields);
      expect(outcome).toBe("recorded");
      expect(signal).toEqual({
        ...fields,
        id: expect.stringMatching(/^LS-[0-9a-f-]{36}$/),
        tenant: "a",
        type: "bug",
        severity: "high",
        quality: { score: 0.532, label: "medium", reasons: ["well_formed_signal"] },
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        occurrences: 1,
        recordedAt: clock.now(),
        lastSeenAt: clock.now(),
        state: "open",
        stateReason: null,
        stateBy: null,
        stateAt: null,
        intakeId: null,
        provenance: "recorded",
      });
      expect(await signals.get(signal.id)).toEqual(signal);
      expect(await signals.get("LS-none")).toBeUndefined();
    },
  },
  {
    name: "counts what differs only in numbers as a repeat, as long as it was seen of late",
    run: async (bench) => {
      const { signals, clock, record } = parts(bench);
      const first = (await record({ summary: "Timeout after 5012 ms" })).signal;
      clock.advance(options.dedupeWindowMs);
      const again = await record({ summary: "timeout  after 870 ms" });
      expect(again.outcome).toBe("repeated");
      expect(again.signal).toEqual({ ...first, occurrences: 2, lastSeenAt: clock.now() });
      expect(await signals.get(first.id)).toEqual(again.signal);
      // The window is from the last time, not from the first.
      clock.advance(options.dedupeWindowMs);
      expect((await record({ summary: "Timeout after 1 ms" })).signal.occurrences).toBe(3);
      clock.advance(options.dedupeWindowMs + 1);
      const fresh = await record({ summary: "Timeout after 5012 ms" });
      expect(fresh).toMatchObject({ outcome: "recorded", signal: { occurrences: 1 } });
      expect(idsOf((await signals.list()).items)).toEqual([fresh.signal.id, first.id]);
    },
  },
  {
    name: "makes a new signal of what comes back after it was closed, or where repeats are not wanted",
    run: async (bench) => {
      const { signals, record } = parts(bench);
      const first = (await record()).signal;
      await signals.transition(first.id, "acknowledged", "me", "seen");
      expect((await record()).outcome).toBe("repeated");
      await signals.transition(first.id, "resolved", "me", "mended");
      const second = await record();
      expect(second.outcome).toBe("recorded");
      expect(await signals.get(first.id)).toMatchObject({ occurrences: 2, state: "resolved" });
      const always = await signals.record(newSignal(), { dedupeWindowMs: 0 });
      expect(always.outcome).toBe("recorded");
    },
  },
  {
    name: "counts what is told late without moving the last time back, and long ago as its own",
    run: async (bench) => {
      const { clock, record } = parts(bench);
      const first = (await record()).signal;
      const late = await record({ at: clock.now() - minuteMs });
      expect(late).toEqual({ signal: { ...first, occurrences: 2 }, outcome: "repeated" });
      const old = await record({ at: clock.now() - 31 * minuteMs });
      expect(old).toMatchObject({
        outcome: "recorded",
        signal: { recordedAt: clock.now() - 31 * minuteMs },
      });
    },
  },
  {
    name: "answers a key that it knows with the same signal and changes nothing",
    run: async (bench) => {
      const { signals, signalCounts, record } = parts(bench);
      const first = await record({ idempotencyKey: "one" });
      expect(await record({ idempotencyKey: "one" })).toEqual({ ...first, outcome: "known" });
      const repeat = await record({ idempotencyKey: "two" });
      expect(repeat.outcome).toBe("repeated");
      expect(await record({ idempotencyKey: "two", summary: "Another" })).toEqual({
        ...repeat,
        outcome: "known",
      });
      expect((await signals.list()).items).toEqual([repeat.signal]);
      expect(await signalCounts.summary()).toMatchObject({ total: 1, occurrences: 2 });
      const elsewhere = await parts(bench, "b").record({ idempotencyKey: "one" });
      expect(elsewhere.outcome).toBe("recorded");
    },
  },
  {
    name: "makes one signal of one thing that many see at once, and one of one key",
    run: async (bench) => {
      const { signals, signalCounts, record } = parts(bench);
      const many = Array.from({ length: 20 }, (_, index) => index);
      const seen = await Promise.all(many.map((index) => record({ idempotencyKey: `k${index}` })));
      expect(seen.filter(({ outcome }) => outcome === "recorded")).toHaveLength(1);
      expect((await signals.list()).items).toMatchObject([{ occurrences: 20 }]);
      const keyed = await Promise.all(
        many.map((index) => record({ summary: `Words ${"x".repeat(index)}`, idempotencyKey: "k" })),
      );
      expect(keyed.filter(({ outcome }) => outcome === "recorded")).toHaveLength(1);
      expect(keyed.filter(({ outcome }) => outcome === "known")).toHaveLength(19);
      expect(await signalCounts.checkCounts()).toEqual([]);
    },
  },
  {
    name: "does with several at once what it does with one after the other, and all or none of them",
    run: async (bench) => {
      const { clock } = bench;
      const inputs = [
        newSignal({ summary: "a 1", idempotencyKey: "k1" }),
        newSignal({ summary: "b", at: clock.now() - 3 * 86_400_000, source: "ci" }),
        newSignal({ summary: "a 2" }),
        newSignal({ summary: "a 3", idempotencyKey: "k1" }),
        newSignal({ summary: "c", idempotencyKey: "k2", severity: "low" }),
      ];
      const [together, single] = [parts(bench, "a"), parts(bench, "b")];
      const outcomes = [];
      for (const input of inputs) outcomes.push(await single.signals.record(input, options));
      const plain = (found: Signal) => ({ ...found, id: "", tenant: "" });
      const bare = (found: readonly { signal: Signal; outcome: string }[]) =>
        found.map(({ signal, outcome }) => ({ outcome, signal: plain(signal) }));
      expect(bare(await together.signals.recordMany(inputs, options))).toEqual(bare(outcomes));
      expect((await together.signals.list()).items.map(plain)).toEqual(
        (await single.signals.list()).items.map(plain),
      );
      expect(await together.signalCounts.summary()).toEqual(await single.signalCounts.summary());
      expect(await together.signals.recordMany([], options)).toEqual([]);
      const bad = [newSignal({ summary: "d" }), { ...newSignal({ summary: "e" }), at: Number.NaN }];
      await expect(together.signals.recordMany(bad, options)).rejects.toThrow();
      expect((await together.signals.list()).items).toHaveLength(3);
    },
  },
  {
    name: "lets several writers of the same many signals all finish",
    run: async (bench) => {
      const { signals, signalCounts } = parts(bench);
      const letters = "abcdefgh".split("");
      const batch = letters.map((letter) => newSignal({ summary: letter, source: letter }));
      const batches = Array.from({ length: 6 }, (_, index) =>
        index % 2 === 0 ? batch : batch.toReversed(),
      );
      await Promise.all(batches.map((inputs) => signals.recordMany(inputs, options)));
      const { items } = await signals.list();
      expect(items.map(({ occurrences }) => occurrences)).toEqual(letters.map(() => 6));
      expect(await signalCounts.checkCounts()).toEqual([]);
    },
  },
  {
    name: "finds a signal by the beginning of its id",
    run: async (bench) => {
      const { signals, record } = parts(bench);
      const one = (await record({ summary: "one thing" })).signal;
      const other = (await record({ summary: "another" })).signal;
      expect(await signals.find(one.id)).toEqual(one);
      expect(await signals.find(` ${other.id} `)).toEqual(other);
      await expect(signals.find("LS-")).rejects.toEqual(code("store.ambiguous_id"));
      for (const id of ["LS-zzz", ""]) {
        await expect(signals.find(id)).rejects.toEqual(code("learning.unknown_signal"));
      }
    },
  },
  {
    name: "lists newest first, page by page, by any of what a signal is",
    run: async (bench) => {
      const { signals, clock, record } = parts(bench);
      const one = (await record({ summary: "one", source: "ci" })).signal.id;
      const noon = clock.now() + minuteMs;
      clock.advance(minuteMs);
      const two = (await record({ summary: "two", type: "security" })).signal.id;
      clock.advance(minuteMs);
      const three = (await record({ summary: "three", severity: "low", source: "ci" })).signal.id;
      await signals.transition(two, "dismissed", "me", "");
      const list = async (filter: Parameters<typeof signals.list>[0]) =>
        idsOf((await signals.list(filter)).items);
      expect(await list({})).toEqual([three, two, one]);
      expect(await list({ type: "security" })).toEqual([two]);
      expect(await list({ severity: "high" })).toEqual([two, one]);
      expect(await list({ state: "open" })).toEqual([three, one]);
      expect(await list({ source: "ci", severity: "low" })).toEqual([three]);
      expect(await list({ source: "" })).toEqual([two]);
      expect(await list({ since: noon })).toEqual([three, two]);
      expect(await list({ until: noon })).toEqual([one]);
      const page = await signals.list({ limit: 2, source: "ci" });
      expect(page.nextCursor).toBeNull();
      const first = await signals.list({ limit: 2 });
      const cursor = first.nextCursor ?? "";
      expect(await list({ limit: 2, cursor })).toEqual([one]);
      await expect(signals.list({ cursor: "x" })).rejects.toEqual(code("store.bad_cursor"));
    },
  },
  {
    name: "keeps why, by whom and when a state was changed, and refuses a change that is none",
    run: async (bench) => {
      const { signals, clock, record } = parts(bench);
      const { signal } = await record();
      clock.advance(5);
      const changed = await signals.transition(signal.id, "resolved", "me", "mended");
      const stamp = { stateReason: "mended", stateBy: "me", stateAt: clock.now() };
      expect(changed).toEqual({ ...signal, state: "resolved", ...stamp });
      expect(await signals.get(signal.id)).toEqual(changed);
      await expect(signals.transition(signal.id, "dismissed", "me", "")).rejects.toMatchObject({
        code: "learning.bad_transition",
        hint: expect.stringContaining("open"),
      });
      await expect(signals.transition(signal.id, "open", "me", "a\0b")).rejects.toEqual(
        code("learning.bad_transition"),
      );
      await expect(signals.transition("LS-none", "open", "me", "")).rejects.toEqual(
        code("learning.unknown_signal"),
      );
      expect(await signals.get(signal.id)).toEqual(changed);
      const both = await Promise.allSettled(
        (["open", "open"] as const).map((to) => signals.transition(signal.id, to, "me", "")),
      );
      expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    },
  },
  {
    name: "ties a signal to one intake and to no second",
    run: async (bench) => {
      const { signals, record } = parts(bench);
      const one = (await record({ summary: "one" })).signal;
      const two = (await record({ summary: "two" })).signal;
      const linked = await signals.link(one.id, "RI-1");
      expect(linked).toEqual({ ...one, intakeId: "RI-1" });
      expect(await signals.link(one.id, "RI-1")).toEqual(linked);
      await signals.link(two.id, "RI-1");
      await expect(signals.link(one.id, "RI-2")).rejects.toMatchObject({
        code: "learning.signal_linked",
        details: { id: one.id, intakeId: "RI-1" },
      });
      await expect(signals.link("LS-none", "RI-1")).rejects.toEqual(
        code("learning.unknown_signal"),
      );
      expect(idsOf(await signals.signalsOf("RI-1"))).toEqual([two.id, one.id]);
      expect(await signals.signalsOf("RI-2")).toEqual([]);
    },
  },
  {
    name: "offers for intakes the worst first, then the best told, then the newest",
    run: async (bench) => {
      const { signals, record } = parts(bench);
      const add = async (fields: Partial<NewSignal>) => (await record(fields)).signal.id;
      const terse = await add({ summary: "It broke" });
      const told = await add({ summary: "The parser fails on an empty file", source: "ci" });
      const newest = await add({ summary: "The parser fails on an empty note", source: "ci" });
      const critical = await add({ severity: "critical", summary: "Down" });
      const medium = await add({ severity: "medium", summary: "x".repeat(80), source: "ci" });
      const closed = await add({ severity: "critical", summary: "Over" });
      const taken = await add({ severity: "critical", summary: "In work" });
      const seen = await add({ severity: "critical", summary: "Looked at by somebody" });
      await signals.transition(closed, "dismissed", "me", "");
      await signals.transition(seen, "acknowledged", "me", "");
      await signals.link(taken, "RI-1");
      const waiting = async (filter: Partial<Parameters<typeof signals.waiting>[0]>) =>
        idsOf(await signals.waiting({ minSeverity: "high", minScore: 0, limit: 10, ...filter }));
      const all = [seen, critical, newest, told, terse];
      expect(await waiting({})).toEqual(all);
      expect(await waiting({ limit: 3 })).toEqual(all.slice(0, 3));
      expect(await waiting({ minSeverity: "low" })).toEqual([...all, medium]);
      // The terse one scores 0.305, the told ones 0.483.
      expect(await waiting({ minScore: 0.483 })).toEqual([newest, told]);
      expect(await waiting({ minScore: 0.484 })).toEqual([]);
    },
  },
  {
    name: "takes a signal of another store over as it was there, once",
    run: async (bench) => {
      const { signals, signalCounts } = parts(bench);
      // Its repeats are days younger; they are counted with it, as their times are not known.
      const before = migrated({ lastSeenAt: 1_600_900_000_000 });
      expect(await signals.insertMigrated(before)).toBe(true);
      const kept = await signals.get(before.id);
      expect(kept).toMatchObject({ ...before, tenant: "a", provenance: "migrated" });
      expect(await signals.insertMigrated(migrated({ summary: "Other words" }))).toBe(false);
      expect(await signals.get(before.id)).toEqual(kept);
      expect(await parts(bench, "b").signals.insertMigrated(before)).toBe(true);
      expect(await signalCounts.summary({ days: 1, now: before.recordedAt })).toMatchObject({
        total: 1,
        occurrences: 4,
        averageQuality: 0.512,
        highQuality: 0,
      });
      expect(await signalCounts.checkCounts()).toEqual([]);
    },
  },
  {
    name: "counts what is seen again as a repeat of a signal that was taken over",
    run: async (bench) => {
      const { signals, clock, record } = parts(bench);
      const { type, severity, summary, source } = migrated();
      const last = { state: "open", recordedAt: clock.now(), lastSeenAt: clock.now() } as const;
      await signals.insertMigrated(migrated(last));
      const again = await record({ type, severity, summary, source });
      expect(again).toMatchObject({ outcome: "repeated", signal: { occurrences: 5 } });
    },
  },
  {
    name: "shows and changes no signal of another tenant",
    run: async (bench) => {
      const [a, b] = [parts(bench, "a"), parts(bench, "b")];
      const { signal } = await a.record();
      expect((await b.record()).outcome).toBe("recorded");
      expect(await b.signals.get(signal.id)).toBeUndefined();
      const unknown = code("learning.unknown_signal");
      await expect(b.signals.find(signal.id)).rejects.toEqual(unknown);
      await expect(b.signals.link(signal.id, "RI-1")).rejects.toEqual(unknown);
      await expect(b.signals.transition(signal.id, "resolved", "me", "")).rejects.toEqual(unknown);
      await a.signals.link(signal.id, "RI-1");
      expect(await b.signals.signalsOf("RI-1")).toEqual([]);
      expect((await b.signals.list()).items).toHaveLength(1);
      expect(await b.signals.waiting({ minSeverity: "low", minScore: 0, limit: 5 })).toHaveLength(
        1,
      );
      expect(await a.signals.get(signal.id)).toEqual({ ...signal, intakeId: "RI-1" });
    },
  },
  ...signalsModelCases,
];
