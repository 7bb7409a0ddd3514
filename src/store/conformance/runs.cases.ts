import { expect } from "vitest";
import type { NewEvent } from "../../events/event.ts";
import { newRun } from "../store.fixture.ts";
import { type Case, code } from "./suite.cases.ts";

const end = { outcome: "failed", costMicroUsd: 0, unpricedCalls: 0 };

function finished(tokens: number): NewEvent {
  return {
    type: "run.finished",
    outcome: "failed",
    stop: { reason: "done" },
    summary: "",
    totals: {
      turns: 1,
      toolCalls: 0,
      inputTokens: tokens - 3,
      cachedInputTokens: 0,
      outputTokens: 2,
      failedTokens: 1,
      costMicroUsd: tokens * 2,
      unpricedCalls: 1,
      durationMs: 0,
    },
    filesChanged: [],
  };
}

/** Which runs there are. */
export const runsCases: readonly Case[] = [
  {
    name: "lists the runs that fit: by how they stand, when they began, and what is said of them",
    run: async ({ backend, clock }) => {
      const { runs } = backend.tenant("a");
      const made = async (id: string, more: object): Promise<void> => {
        await runs.create({ ...newRun(id), task: "t", agent: "a@1", model: "m:x", ...more });
        clock.advance(1_000);
      };
      await made("r1", { task: "Mend the 100% RULE_1" });
      const since = clock.now();
      await made("r2", { agent: "clerk@1.0.0" });
      await made("r3", { model: "openai:gpt-5" });
      await made("r4", {});
      await backend.tenant("b").runs.create(newRun("b1"));
      await runs.finish("r2", end);
      await runs.finish("r3", { ...end, outcome: "verified" });
      await runs.finish("r4", { ...end, outcome: "parked" });
      const ids = async (request: Parameters<typeof runs.list>[0]): Promise<readonly string[]> =>
        (await runs.list(request)).items.map(({ id }) => id);
      expect(await ids({ state: "running" })).toEqual(["r1"]);
      expect(await ids({ state: "parked" })).toEqual(["r4"]);
      expect(await ids({ state: "finished" })).toEqual(["r3", "r2"]);
      expect(await ids({ outcome: "verified" })).toEqual(["r3"]);
      expect(await ids({ since })).toEqual(["r4", "r3", "r2"]);
      expect(await ids({ text: "rule_1" })).toEqual(["r1"]);
      expect(await ids({ text: "0% r" })).toEqual(["r1"]);
      expect(await ids({ text: "CLERK" })).toEqual(["r2"]);
      expect(await ids({ text: "gpt" })).toEqual(["r3"]);
      expect(await ids({ text: "R4" })).toEqual(["r4"]);
      // None of these is a sign for anything.
      for (const text of ["7", "ru_e", "%x", "!", "' OR 1=1 --"])
        expect(await ids({ text })).toEqual([]);
      const first = await runs.list({ state: "finished", limit: 1 });
      expect(first.nextCursor).not.toBeNull();
      expect(await ids({ state: "finished", cursor: first.nextCursor ?? "" })).toEqual(["r2"]);
    },
  },
  {
    name: "removes runs that ended long enough ago and have been learned from, with their logs",
    run: async ({ backend, clock }) => {
      const { runs, runLog, learnedRuns, idempotency } = backend.tenant("a");
      for (const id of ["old", "unread", "open", "parked", "late"]) {
        await runs.create(newRun(id));
        await runLog.append(id, [finished(10)]);
        await idempotency.reserve(`key of ${id}`, id, 1);
      }
      for (const id of ["old", "unread"]) await runs.finish(id, end);
      await runs.finish("parked", { ...end, outcome: "parked" });
      await learnedRuns.setMark("old", 1);
      clock.advance(10);
      await runs.finish("late", end);
      await learnedRuns.setMark("late", 1);
      const all = { below: 1_000_000, learns: true, limit: 10 };
      const ids = async (before: number, how = all) =>
        (await runs.removable(before, how)).map(({ id }) => id);
      const now = clock.now();
      expect(await ids(now)).toEqual(["old"]);
      expect(await ids(now + 1)).toEqual(["old", "late"]);
      expect(await ids(now + 1, { ...all, learns: false })).toEqual(["old", "unread", "late"]);
      expect(await ids(now + 1, { ...all, limit: 1 })).toEqual(["old"]);
      const [{ seq } = { seq: 0 }] = await runs.after(0, 1);
      expect(await ids(now + 1, { ...all, below: seq })).toEqual([]);

      expect(await runs.remove("open")).toBeUndefined();
      expect(await runs.remove("parked")).toBeUndefined();
      expect(await runs.remove("none")).toBeUndefined();
      expect(await runs.remove("old")).toBe(1);
      expect(await runs.remove("old")).toBeUndefined();
      expect(await runs.get("old")).toBeUndefined();
      expect(await runLog.read("old")).toEqual([]);
      expect(await learnedRuns.mark("old")).toBe(0);
      expect(await idempotency.stateOf("key of old")).toBe("fresh");
      expect(await idempotency.stateOf("key of late")).toBe("started");
      expect(await runLog.read("late")).toHaveLength(1);
    },
  },
  {
    name: "finds the runs that have not ended, parked ones too, of its tenant alone",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      for (const id of ["a1", "a2", "a3"]) await runs.create(newRun(id));
      await backend.tenant("b").runs.create(newRun("b1"));
      await runs.finish("a1", end);
      await runs.finish("a3", { ...end, outcome: "parked" });
      const { spec } = newRun("a2");
      expect(await runs.unfinished()).toEqual([
        { id: "a2", spec },
        { id: "a3", spec },
      ]);
    },
  },
  {
    name: "keeps a run from its start to its end",
    run: async ({ backend, clock }) => {
      const { runs } = backend.tenant("a");
      const startedAt = clock.now();
      const created = await runs.create(newRun("a1"));
      expect(await runs.get("a1")).toEqual(created);
      expect(created).toEqual({
        ...newRun("a1"),
        tenant: "a",
        state: "running",
        outcome: null,
        startedAt,
        finishedAt: null,
        costMicroUsd: 0,
        unpricedCalls: 0,
      });
      clock.advance(1500);
      await runs.finish("a1", { outcome: "verified", costMicroUsd: 1234, unpricedCalls: 2 });
      expect(await runs.get("a1")).toEqual({
        ...created,
        state: "finished",
        outcome: "verified",
        finishedAt: startedAt + 1500,
        costMicroUsd: 1234,
        unpricedCalls: 2,
      });
    },
  },
  {
    name: "finds the first and the newest run of an agent",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      const ids = ["a1", "a2", "a3"];
      for (const id of ids) await runs.create({ ...newRun(id), agent: "x@1", spec: { id } });
      await runs.create({ ...newRun("b1"), agent: "x@10" });
      expect(await runs.endsOfAgent("x@1")).toEqual([
        { id: "a1", spec: { id: "a1" } },
        { id: "a3", spec: { id: "a3" } },
      ]);
      expect(await runs.endsOfAgent("x@2")).toEqual([]);
    },
  },
  {
    name: "tells of runs in the order in which they were made, after a place",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      for (const id of ["a1", "a2", "a3"]) {
        await runs.create(newRun(id));
        await backend.tenant("b").runs.create(newRun(`of-b-${id}`));
      }
      const all = await runs.after(0, 9);
      expect(all.map(({ id }) => id)).toEqual(["a1", "a2", "a3"]);
      const [first] = all;
      expect((await runs.after(first?.seq ?? 0, 1)).map(({ id }) => id)).toEqual(["a2"]);
      expect(await runs.after(all.at(-1)?.seq ?? 0, 9)).toEqual([]);
      await runs.finish("a2", { outcome: "failed", costMicroUsd: 0, unpricedCalls: 0 });
      expect(await runs.openCount()).toBe(2);
    },
  },
  {
    name: "says what the newest finished runs of an agent, a tier and a model used",
    run: async ({ backend }) => {
      const { runs, runLog } = backend.tenant("a");
      const finish = async (id: string, tokens: number, other: object = {}, tenant = "a") => {
        const store = backend.tenant(tenant);
        await store.runs.create({ ...newRun(id), ...other });
        await store.runLog.append(id, [{ type: "message.user", text: "Go." }, finished(tokens)]);
        await store.runs.finish(id, { ...end, costMicroUsd: tokens * 2 });
      };
      await finish("a1", 10);
      await finish("a2", 20);
      await finish("a3", 30);
      await finish("a4", 40, { effort: "high" });
      await finish("a5", 50, { agent: "worker@2" });
      await finish("a6", 60, { model: "scripted:other" });
      await finish("b1", 70, {}, "b");
      await runs.create(newRun("a7"));
      await runLog.append("a7", [{ type: "message.user", text: "Go." }]);
      const use = (tokens: number) => ({ tokens, costMicroUsd: tokens * 2, unpricedCalls: 1 });
      const { agent, effort, model } = newRun("any");
      expect(await runs.uses({ agent, effort, model }, 2)).toEqual([use(30), use(20)]);
      expect(await runs.uses({ agent, effort, model }, 9)).toEqual([use(30), use(20), use(10)]);
      expect(await runs.uses({ agent, effort: "medium", model }, 9)).toEqual([]);
    },
  },
  {
    name: "parks a run and lets it go on",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      await runs.create(newRun("a1"));
      await runs.finish("a1", { outcome: "parked", costMicroUsd: 5, unpricedCalls: 0 });
      expect(await runs.get("a1")).toMatchObject({ state: "parked", outcome: "parked" });
      await runs.reopen("a1");
      expect(await runs.get("a1")).toMatchObject({
        state: "running",
        outcome: null,
        finishedAt: null,
      });
    },
  },
  {
    name: "refuses the same id twice and an end of an unknown run",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      const first = await runs.create(newRun("a1"));
      const again = { ...newRun("a1"), task: "Another task" };
      await expect(runs.create(again)).rejects.toEqual(code("store.run_exists"));
      expect(await runs.get("a1")).toEqual(first);
      await expect(runs.finish("zz", end)).rejects.toEqual(code("store.unknown_run"));
      await expect(runs.reopen("zz")).rejects.toEqual(code("store.unknown_run"));
      expect(await runs.get("zz")).toBeUndefined();
    },
  },
  {
    name: "lists newest first, page by page, each run once even while new ones come",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      for (let index = 0; index < 7; index += 1) await runs.create(newRun(`run-${index}`));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await runs.list({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items.map(({ id }) => id));
        await runs.create(newRun(`later-${seen.length}`));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(["run-6", "run-5", "run-4", "run-3", "run-2", "run-1", "run-0"]);
      await expect(runs.list({ cursor: "x; DROP" })).rejects.toEqual(code("store.bad_cursor"));
    },
  },
  {
    name: "lists by the order of writing, even where the clock steps back",
    run: async ({ backend, clock }) => {
      const { runs } = backend.tenant("a");
      await runs.create(newRun("z-first"));
      clock.advance(-60_000);
      await runs.create(newRun("a-second"));
      expect((await runs.list()).items.map(({ id }) => id)).toEqual(["a-second", "z-first"]);
    },
  },
  {
    name: "finds a run by the beginning of its id",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      for (const id of ["0198aa-1", "0198ab-1", "0198ab", "0300"]) await runs.create(newRun(id));
      expect((await runs.find("03")).id).toBe("0300");
      expect((await runs.find(" 0198aa ")).id).toBe("0198aa-1");
      // A whole id is meant even where others begin with it.
      expect((await runs.find("0198ab")).id).toBe("0198ab");
      await expect(runs.find("0198")).rejects.toMatchObject({
        code: "store.ambiguous_id",
        details: { candidates: ["0198aa-1", "0198ab", "0198ab-1"] },
      });
      for (const unknown of ["0199", "", "0198aa-11", "%"]) {
        await expect(runs.find(unknown)).rejects.toEqual(code("store.unknown_run"));
      }
    },
  },
  {
    name: "gives back any specification unchanged",
    run: async ({ backend }) => {
      const { runs } = backend.tenant("a");
      const spec = {
        quotes: 'it\'s "so"',
        signs: "ä 漢 😀 \u2028 \\ \n ? $1",
        numbers: [0, -1, 1.5, Number.MAX_SAFE_INTEGER, 1e-7],
        nothing: null,
        nested: { deep: [{ yes: true }] },
      };
      const task = "Add ‘the’ numbers; ? $1 :name @p";
      await runs.create({ ...newRun("one"), task, spec, workspace: "/some where/é" });
      expect(await runs.get("one")).toMatchObject({ task, spec, workspace: "/some where/é" });
    },
  },
];
