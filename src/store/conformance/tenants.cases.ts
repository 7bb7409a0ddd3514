import { expect } from "vitest";
import { newRun } from "../store.fixture.ts";
import { callRecord } from "./audit.cases.ts";
import { alertsProbes } from "./alerts.cases.ts";
import { apiKeysProbe } from "./api-keys.cases.ts";
import { question } from "./approvals.cases.ts";
import { boundaryProbes } from "./boundary-tenants.cases.ts";
import { newIntake } from "./intakes.cases.ts";
import { learningOverviewProbe } from "./learning-overview.cases.ts";
import { learningProbes } from "./learning-tenants.cases.ts";
import { newSignal } from "./signals.cases.ts";
import { routedRunsProbe } from "./routed-runs.cases.ts";
import { signalsProbes } from "./signals-tenants.cases.ts";
import { type Case, code } from "./suite.cases.ts";
import { probe, type RepositoryName } from "./tenant-probe.cases.ts";

const end = { outcome: "failed", costMicroUsd: 0, unpricedCalls: 0 };

/** What two tenants' ids begin with alike: all before the first dash. */
const alike = (id: string): string => id.slice(0, id.indexOf("-") + 1);

const runs = probe("runs", {
  fill: async (store, { name, mark }) => {
    const made = { ...newRun(`${name}-1`), task: mark, workspace: mark, spec: { mark } };
    await store.runs.create({ ...made, id: `${name}-0` });
    await store.runs.create(made);
    await store.runs.finish(`${name}-0`, { ...end, outcome: "parked" });
    return { id: made.id, parked: `${name}-0` };
  },
  view: async (store, { id }) => [
    await store.runs.list(),
    await store.runs.get(id),
    await store.runs.find(id),
  ],
  swaps: {
    // An id is one run's in the whole store, whoever has it.
    create: async (stranger, { id }) => {
      await expect(stranger.create(newRun(id))).rejects.toEqual(code("store.run_exists"));
    },
    get: async (stranger, { id }) => {
      expect(await stranger.get(id)).toBeUndefined();
    },
    find: async (stranger, { id, parked }, own) => {
      await expect(stranger.find(id)).rejects.toEqual(code("store.unknown_run"));
      await expect(stranger.find(alike(id))).rejects.toMatchObject({
        code: "store.ambiguous_id",
        details: { candidates: [own.parked, own.id] },
      });
      await expect(stranger.find(parked.slice(0, -1))).rejects.toEqual(code("store.unknown_run"));
    },
    endsOfAgent: async (stranger, _, own) => {
      const { agent } = newRun("any");
      const ids = (await stranger.endsOfAgent(agent)).map(({ id }) => id);
      expect(ids).toEqual([own.parked, own.id]);
    },
    unfinished: async (stranger, _, own) => {
      const ids = (await stranger.unfinished()).map(({ id }) => id);
      expect(ids).toEqual([own.parked, own.id]);
    },
    uses: async (stranger) => {
      const { agent, effort, model } = newRun("any");
      expect(await stranger.uses({ agent, effort, model }, 10)).toEqual([]);
    },
    after: async (stranger, _, own) => {
      const ids = (await stranger.after(0, 1000)).map(({ id }) => id);
      expect(ids).toEqual([own.parked, own.id]);
    },
    removable: async (stranger) => {
      const all = { below: Number.MAX_SAFE_INTEGER, learns: false, limit: 10 };
      expect(await stranger.removable(Number.MAX_SAFE_INTEGER, all)).toEqual([]);
    },
    remove: async (stranger, { id, parked }) => {
      for (const one of [id, parked]) expect(await stranger.remove(one)).toBeUndefined();
    },
    openCount: async (stranger) => {
      expect(await stranger.openCount()).toBe(2);
    },
    list: async (stranger, _, own) => {
      const ids = [own.id, own.parked];
      expect((await stranger.list()).items.map(({ id }) => id)).toEqual(ids);
      const page = await stranger.list({ cursor: "999999999", limit: 1000 });
      expect(page.items.map(({ id }) => id)).toEqual(ids);
    },
    finish: async (stranger, { id }) => {
      await expect(stranger.finish(id, end)).rejects.toEqual(code("store.unknown_run"));
    },
    reopen: async (stranger, { parked }) => {
      await expect(stranger.reopen(parked)).rejects.toEqual(code("store.unknown_run"));
    },
  },
});

const runLog = probe("runLog", {
  fill: async (store, { name, mark }) => {
    await store.runs.create({ ...newRun(name), task: mark });
    await store.runLog.append(name, [{ type: "message.user", text: mark }]);
    return { runId: name };
  },
  view: (store, { runId }) => store.runLog.read(runId),
  swaps: {
    append: async (stranger, { runId }) => {
      const event = { type: "message.user", text: "mine" } as const;
      await expect(stranger.append(runId, [event])).rejects.toEqual(code("store.unknown_run"));
    },
    read: async (stranger, { runId }) => {
      expect(await stranger.read(runId)).toEqual([]);
      expect(await stranger.read(runId, { fromSeq: 0 })).toEqual([]);
    },
  },
});

const audit = probe("audit", {
  fill: async (store, { name, mark }) => {
    const [open, closed] = [`${name}-open`, `${name}-closed`];
    const record = { runId: name, error: { mark } };
    await store.audit.open(callRecord(open, record));
    await store.audit.close(callRecord(closed, { ...record, outcome: "ok" }));
    return { open, closed, runId: name };
  },
  view: async (store, { open, closed }) => [
    await store.audit.list(),
    await store.audit.get(open),
    await store.audit.get(closed),
  ],
  swaps: {
    open: async (stranger, { open, closed }) => {
      for (const callId of [open, closed]) await stranger.open(callRecord(callId));
      expect(await stranger.get(open)).toBeUndefined();
    },
    close: async (stranger, { open, closed }) => {
      for (const callId of [open, closed]) await stranger.close(callRecord(callId));
      expect(await stranger.get(open)).toBeUndefined();
    },
    get: async (stranger, { open, closed }) => {
      for (const callId of [open, closed]) expect(await stranger.get(callId)).toBeUndefined();
    },
    find: async (stranger, { open, closed }, own) => {
      for (const callId of [open, closed, closed.slice(0, -1)]) {
        await expect(stranger.find(callId)).rejects.toEqual(code("store.unknown_call"));
      }
      await expect(stranger.find(alike(open))).rejects.toMatchObject({
        code: "store.ambiguous_id",
        details: { candidates: [own.closed, own.open] },
      });
    },
    lastFailures: async (stranger, { closed }) => {
      const failed = callRecord(`${alike(closed)}-failed`, { outcome: "boundary.transport" });
      await stranger.close(failed);
      expect((await stranger.lastFailures()).map(({ callId }) => callId)).toEqual([failed.callId]);
    },
    list: async (stranger, theirs, own) => {
      expect((await stranger.list()).items.map(({ callId }) => callId)).toEqual([
        own.closed,
        own.open,
      ]);
      expect((await stranger.list({ runId: theirs.runId })).items).toEqual([]);
    },
  },
});

const approvals = probe("approvals", {
  fill: async (store, { name, mark, clock }) => {
    const ask = async (state: string): Promise<{ id: string; digest: string }> => {
      const digest = `${name}-${state}`;
      const { id } = await store.approvals.request({ ...question(clock, digest), summary: mark });
      return { id, digest };
    };
    const [pending, approved, denied, consumed] = [
      await ask("pending"),
      await ask("approved"),
      await ask("denied"),
      await ask("consumed"),
    ];
    const at = clock.now();
    await store.approvals.decide(approved.id, "approved", mark, at, {
      answer: { words: mark },
      note: mark,
    });
    await store.approvals.decide(denied.id, "denied", mark, at);
    await store.approvals.decide(consumed.id, "approved", mark, at);
    await store.approvals.consume(consumed.id, consumed.digest, at);
    return { pending, approved, denied, consumed };
  },
  view: async (store, { approved }) => [
    await store.approvals.list(),
    await store.approvals.find(approved.id),
    await store.approvals.answerOf(approved.id),
  ],
  swaps: {
    request: async (stranger, theirs, _, clock) => {
      for (const { id, digest } of Object.values(theirs)) {
        const asked = await stranger.request(question(clock, digest));
        expect(asked.state).toBe("pending");
        expect(asked.id).not.toBe(id);
      }
      // Their questions do not run out by another's asking later, either.
      const requestedAt = clock.now() + 1_000_000;
      const later = { requestedAt, expiresAt: requestedAt + 1 };
      await stranger.request({ ...question(clock, theirs.pending.digest), ...later });
    },
    consume: async (stranger, theirs, _, clock) => {
      for (const { id, digest } of Object.values(theirs)) {
        expect(await stranger.consume(id, digest, clock.now())).toBe("unknown");
        expect(await stranger.consume(id, digest, clock.now() + 1_000_000)).toBe("unknown");
      }
    },
    forgetAnswers: async (stranger) => {
      await stranger.forgetAnswers("run");
    },
    restore: async (stranger, { consumed }) => {
      await stranger.restore(consumed.id);
    },
    decide: async (stranger, theirs, _, clock) => {
      for (const { id } of Object.values(theirs)) {
        await expect(stranger.decide(id, "approved", "me", clock.now())).rejects.toEqual(
          code("store.unknown_approval"),
        );
      }
    },
    find: async (stranger, theirs) => {
      for (const { id } of Object.values(theirs)) {
        await expect(stranger.find(id)).rejects.toEqual(code("store.unknown_approval"));
      }
    },
    answerOf: async (stranger, theirs) => {
      for (const { id } of Object.values(theirs)) {
        await expect(stranger.answerOf(id)).rejects.toEqual(code("store.unknown_approval"));
      }
    },
    list: async (stranger, _, own) => {
      const ids = (await stranger.list()).map(({ id }) => id);
      expect(ids).toEqual(Object.values(own).map(({ id }) => id));
      expect((await stranger.list({ state: "approved" })).map(({ id }) => id)).toEqual([
        own.approved.id,
      ]);
    },
  },
});

const idempotency = probe("idempotency", {
  fill: async ({ idempotency }, { name, mark, clock }) => {
    const [started, finished] = [`${name}-started`, `${name}-finished`];
    for (const key of [started, finished]) await idempotency.reserve(key, mark, clock.now());
    await idempotency.finish(finished, clock.now());
    return { started, finished };
  },
  view: async ({ idempotency }, { started, finished }) => [
    // A key that is known is only read.
    await idempotency.reserve(started, undefined, 1),
    await idempotency.reserve(finished, undefined, 1),
  ],
  swaps: {
    stateOf: async (stranger, theirs) => {
      for (const key of Object.values(theirs)) expect(await stranger.stateOf(key)).toBe("fresh");
    },
    startedWith: async (stranger, theirs, own) => {
      expect(await stranger.startedWith(theirs.started)).toEqual([]);
      const keys = (await stranger.startedWith("")).map(({ key }) => key);
      expect(keys).toEqual([own.finished, own.started]);
    },
    reserve: async (stranger, theirs) => {
      for (const key of Object.values(theirs)) {
        expect(await stranger.reserve(key, "run", 7)).toBe("fresh");
      }
    },
    finish: async (stranger, { started }) => {
      await stranger.finish(started, 7);
      expect(await stranger.reserve(started, undefined, 8)).toBe("finished");
    },
    release: async (stranger, { started, finished }) => {
      for (const key of [started, finished]) await stranger.release(key);
    },
  },
});

const probes = {
  runs,
  runLog,
  audit,
  approvals,
  idempotency,
  routedRuns: routedRunsProbe,
  learningOverview: learningOverviewProbe,
  apiKeys: apiKeysProbe,
  ...alertsProbes,
  ...boundaryProbes,
  ...signalsProbes,
  ...learningProbes,
} satisfies Record<RepositoryName, Case>;

/** Two tenants who know each other's ids and keys. Each operation that there is has its entry. */
export const tenantsCases: readonly Case[] = [
  {
    name: "a tenant's name is any text that every backend can hold",
    run: async ({ backend }) => {
      const long = "ü".repeat(200);
      for (const name of [long, " ", "\u{fffd}", "x'; --"]) {
        await backend.tenant(name).runs.create(newRun(`of ${name}`));
        const page = await backend.tenant(name).runs.list();
        expect(page.items).toMatchObject([{ id: `of ${name}`, tenant: name }]);
      }
      for (const name of ["", `${long}x`, "a\0b", "\u{fffd}\ud800"]) {
        expect(() => backend.tenant(name)).toThrow(
          expect.objectContaining({ code: "store.bad_tenant", details: { tenant: name } }),
        );
      }
    },
  },
  {
    name: "every repository is tried",
    run: async ({ backend }) => {
      expect(Object.keys(probes).sort()).toEqual(Object.keys(backend.tenant("a")).sort());
    },
  },
  ...Object.values(probes),
  {
    name: "what one tenant has seen is neither known nor newer to another",
    run: async ({ backend }) => {
      const [a, b] = [backend.tenant("a").signals, backend.tenant("b").signals];
      const options = { dedupeWindowMs: 1000 };
      const { signal } = await a.record(newSignal(), options);
      expect((await b.record(newSignal(), options)).outcome).toBe("recorded");
      expect(await a.record(newSignal(), options)).toMatchObject({
        outcome: "repeated",
        signal: { id: signal.id, occurrences: 2 },
      });
    },
  },
  {
    name: "rows of one id, which two tenants brought along from other stores, stay two",
    run: async ({ backend }) => {
      const [a, b] = [backend.tenant("a"), backend.tenant("b")];
      const { signal } = await a.signals.record(newSignal(), { dedupeWindowMs: 0 });
      const { signalIds: _, ...intake } = await a.intakes.create(newIntake("theirs"));
      expect(await b.signals.insertMigrated(signal)).toBe(true);
      expect(await b.intakes.insertMigrated(intake)).toBe(true);
      const before = [await a.signals.get(signal.id), await a.intakes.get(intake.id)];
      const again = await b.signals.record(newSignal(), { dedupeWindowMs: 1000 });
      expect(again).toMatchObject({ outcome: "repeated", signal: { tenant: "b", occurrences: 2 } });
      await b.signals.transition(signal.id, "acknowledged", "b", "mine");
      await b.signals.link(signal.id, intake.id);
      await b.intakes.transition(intake.id, "triaged", "b");
      await b.intakes.update(intake.id, { analysis: { mine: true } });
      expect([await a.signals.get(signal.id), await a.intakes.get(intake.id)]).toEqual(before);
      expect(await b.intakes.get(intake.id)).toMatchObject({
        tenant: "b",
        disposition: { state: "triaged" },
        signalIds: [signal.id],
      });
    },
  },
];
