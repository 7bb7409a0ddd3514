import * as fc from "fast-check";
import { expect } from "vitest";
import { linkHash, recordDigest } from "../../boundary/audit/link.ts";
import type { Backend } from "../backend.ts";
import { change } from "../program.ts";
import type { ChainMaker } from "../repositories/audit-chain.ts";
import type { ChainEntry } from "../repositories/audit-chain-rows.ts";
import type { TenantStore } from "../repositories/index.ts";
import { newRun } from "../store.fixture.ts";
import { callRecord } from "./audit.cases.ts";
import type { Case } from "./suite.cases.ts";

/** The boundary's digests and hashes, and signatures that say what was signed. */
export const testMaker: ChainMaker = {
  recordDigest,
  hash: linkHash,
  sign: ({ tenant, position, previous, hash }) => ({
    keyId: "test",
    signature: `${tenant} ${previous} ${position} ${hash}`,
  }),
};

const quiet = { limit: 1000, checkpointEvery: 1000 } as const;

/** All links, by pages of three. */
async function allEntries({ auditChain }: TenantStore): Promise<readonly ChainEntry[]> {
  const found: ChainEntry[] = [];
  for (;;) {
    const after = found.at(-1)?.link.position;
    const page = await auditChain.entries({ limit: 3, ...(after === undefined ? {} : { after }) });
    found.push(...page);
    if (page.length < 3) return found;
  }
}

/** Every hash follows from the one before it, and every record that stands is the one linked. */
function expectSound(entries: readonly ChainEntry[]): void {
  let previous: string | undefined;
  for (const [index, { link, superseded, row, unchained }] of entries.entries()) {
    expect(link.position).toBe(index + 1);
    expect(link.hash).toBe(linkHash(previous, link));
    previous = link.hash;
    if (superseded || unchained) continue;
    expect(row?.state).toBe(link.state);
    expect(row === undefined ? undefined : recordDigest(row)).toBe(link.recordDigest);
  }
}

const said = (entries: readonly ChainEntry[]): readonly string[] =>
  entries.map(
    ({ link, superseded, unchained }) =>
      `${link.callId} ${link.state}${superseded ? " superseded" : ""}${unchained ? " unchained" : ""}`,
  );

async function unlinked({ auditChain }: TenantStore): Promise<readonly string[]> {
  return (await auditChain.unlinked()).map(({ row, unchained }) => {
    expect(unchained).toBe(true);
    return row.callId;
  });
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("open"), call: fc.nat({ max: 7 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("close"), call: fc.nat({ max: 7 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("append"),
      limit: fc.integer({ min: 1, max: 4 }),
      now: fc.boolean(),
    }),
  },
);

/** What the chain should be, as plain lists. */
function createModel(every: number) {
  const rows: { call: string; state: "open" | "closed"; unchained: boolean }[] = [];
  const links: string[] = [];
  const checkpoints: number[] = [];
  return {
    rows,
    links,
    checkpoints,
    put: (call: string, state: "open" | "closed") => {
      const known = rows.find((row) => row.call === call);
      if (known === undefined) rows.push({ call, state, unchained: true });
      else if (known.state === "open") Object.assign(known, { state, unchained: true });
    },
    append: (limit: number, now: boolean) => {
      const taken = rows.filter(({ unchained }) => unchained).slice(0, limit);
      for (const row of taken) {
        row.unchained = false;
        if (!links.includes(`${row.call} ${row.state}`)) links.push(`${row.call} ${row.state}`);
      }
      const unsigned = links.length - (checkpoints.at(-1) ?? 0);
      if (unsigned >= (now && taken.length < limit ? 1 : every)) checkpoints.push(links.length);
      return taken.length;
    },
  };
}

async function closeMany(backend: Backend, tenant: string, count: number): Promise<void> {
  const { audit } = backend.tenant(tenant);
  for (let index = 0; index < count; index += 1)
    await audit.close(callRecord(`${tenant}-${index}`));
}

/** The chain over the audit. */
export const auditChainCases: readonly Case[] = [
  {
    name: "is cut at a signed place that is old enough, and keeps what is open or comes later",
    run: async ({ backend, clock }) => {
      const store = backend.tenant("a");
      const { audit, auditChain, runs } = store;
      const now = { ...quiet, checkpointNow: true };
      await audit.open(callRecord("long"));
      await audit.close(callRecord("one"));
      await auditChain.append(testMaker, now);
      const first = clock.now();
      clock.advance(10);
      await audit.close(callRecord("long"));
      await audit.close(callRecord("two"));
      await auditChain.append(testMaker, now);
      clock.advance(10);
      await runs.create(newRun("r1"));
      await audit.close(callRecord("of-open", { runId: "r1" }));
      await auditChain.append(testMaker, now);
      clock.advance(10);
      await audit.close(callRecord("last"));
      await auditChain.append(testMaker, now);
      const most = Number.MAX_SAFE_INTEGER;
      expect(await auditChain.removable(first, most)).toBeUndefined();
      expect(await auditChain.removable(first + 1, most)).toMatchObject({ position: 2, links: 2 });
      expect(await auditChain.removable(first + 11, 4)).toMatchObject({ position: 2 });
      // The run has not ended, whatever the time.
      expect(await auditChain.removable(most, most)).toMatchObject({ position: 4, links: 4 });

      expect(await auditChain.cut(3)).toBe(0);
      expect(await auditChain.cut(2)).toBe(1);
      const rest = await allEntries(store);
      expect(said(rest)).toEqual(["long closed", "two closed", "of-open closed", "last closed"]);
      expect(rest[0]?.link.position).toBe(3);
      const places = await auditChain.checkpoints();
      expect(places.map(({ position }) => position)).toEqual([2, 4, 5, 6]);
      expect(await unlinked(store)).toEqual([]);
      expect(await auditChain.end()).toMatchObject({ position: 6, checkpoint: 6 });
      expect(await auditChain.removable(first + 1, most)).toBeUndefined();
      expect(await auditChain.cut(4)).toBe(2);
      await audit.close(callRecord("new"));
      expect(await auditChain.append(testMaker, quiet)).toMatchObject({ end: { position: 7 } });
    },
  },
  {
    name: "links each row once, in the order of writing, and once more when it was closed",
    run: async ({ backend, clock }) => {
      const store = backend.tenant("a");
      const { audit, auditChain } = store;
      expect(await auditChain.append(testMaker, quiet)).toEqual({ taken: 0, end: undefined });
      await audit.open(callRecord("one"));
      await audit.close(callRecord("two"));
      expect(await unlinked(store)).toEqual(["one", "two"]);
      const first = await auditChain.append(testMaker, quiet);
      expect(first).toMatchObject({ taken: 2, end: { position: 2, checkpoint: 0 } });
      expect(await auditChain.append(testMaker, quiet)).toEqual({ taken: 0, end: first.end });
      expect(said(await allEntries(store))).toEqual(["one open", "two closed"]);
      clock.advance(5);
      await audit.close(callRecord("one", { outcome: "ok" }));
      expect(said(await allEntries(store))).toEqual(["one open unchained", "two closed"]);
      expect(await unlinked(store)).toEqual([]);
      await auditChain.append(testMaker, quiet);
      const entries = await allEntries(store);
      expect(said(entries)).toEqual(["one open superseded", "two closed", "one closed"]);
      expect(entries.map(({ link }) => link.at - clock.now())).toEqual([-5, -5, 0]);
      expect(entries.map(({ row }) => row?.seq)).toEqual([1, 2, 1]);
      expectSound(entries);
      expect(await auditChain.end()).toMatchObject({ position: 3, hash: entries[2]?.link.hash });
    },
  },
  {
    name: "signs a place each so many links, and the end where it is asked to, once",
    run: async ({ backend }) => {
      const { audit, auditChain } = backend.tenant("a");
      const append = (checkpointNow: boolean) =>
        auditChain.append(testMaker, { limit: 2, checkpointEvery: 3, checkpointNow });
      await closeMany(backend, "a", 6);
      for (let times = 0; times < 5; times += 1) await append(false);
      const places = async () =>
        (await auditChain.checkpoints()).map(({ position, previous }) => [previous, position]);
      expect(await places()).toEqual([[0, 4]]);
      await append(true);
      await append(true);
      expect(await places()).toEqual([
        [0, 4],
        [4, 6],
      ]);
      const [, last] = await auditChain.checkpoints({ limit: 2 });
      const hash = (await auditChain.end())?.hash ?? "";
      expect(last).toMatchObject({ tenant: "a", hash, keyId: "test", signature: `a 4 6 ${hash}` });
      expect(await auditChain.checkpoints({ after: 4 })).toEqual([last]);
      await audit.close(callRecord("unsigned"));
      const noKey = { ...testMaker, sign: () => undefined };
      await auditChain.append(noKey, { limit: 2, checkpointEvery: 1, checkpointNow: true });
      expect(await auditChain.end()).toMatchObject({ position: 7, checkpoint: 6 });
    },
  },
  {
    name: "tells of a changed record only by its digest, and links a row whose mark was set anew once",
    run: async ({ backend }) => {
      const store = backend.tenant("a");
      await closeMany(backend, "a", 2);
      await store.auditChain.append(testMaker, quiet);
      const before = await allEntries(store);
      await backend.tables.write(() =>
        change("UPDATE audit SET unchained = 1, outcome = 'ok' WHERE call_id = 'a-0'"),
      );
      expect(await store.auditChain.append(testMaker, quiet)).toMatchObject({
        taken: 1,
        end: { position: 2 },
      });
      const after = await allEntries(store);
      expect(after.map(({ link }) => link)).toEqual(before.map(({ link }) => link));
      expect(after.map(({ unchained }) => unchained)).toEqual([false, false]);
      expect(after[0]?.row?.outcome).toBe("ok");
      expect(() => expectSound(after)).toThrow();
      expectSound(before);
    },
  },
  {
    name: "publishes the newest end last, and shows what stands at a place of before",
    run: async ({ backend }) => {
      const { auditChain } = backend.tenant("a");
      const published: (number | undefined)[] = [];
      const publish = (known: number) =>
        auditChain.publish(
          () => known,
          (end, there) => {
            published.push(end?.position);
            return there;
          },
        );
      expect(await publish(1)).toBeUndefined();
      await closeMany(backend, "a", 2);
      await auditChain.append(testMaker, quiet);
      const [first] = await auditChain.entries();
      expect(await publish(1)).toBe(first?.link.hash);
      expect(await publish(3)).toBeUndefined();
      expect(published.at(0)).toBeUndefined();
      expect(published.at(-1)).toBe(2);
    },
  },
  {
    name: "gives each place to one link, however many append at once",
    run: async ({ backend }) => {
      const store = backend.tenant("a");
      await Promise.all([
        closeMany(backend, "a", 40),
        ...Array.from({ length: 20 }, () =>
          store.auditChain.append(testMaker, { limit: 5, checkpointEvery: 10 }),
        ),
      ]);
      await store.auditChain.append(testMaker, quiet);
      const entries = await allEntries(store);
      expectSound(entries);
      expect(new Set(said(entries)).size).toBe(40);
      let previous = 0;
      for (const one of await store.auditChain.checkpoints()) {
        expect(one.previous).toBe(previous);
        expect(one.hash).toBe(entries[one.position - 1]?.link.hash);
        previous = one.position;
      }
    },
  },
  {
    name: "in any order of opening, closing and appending, is what plain lists would be",
    run: async ({ backend }) => {
      let round = 0;
      const every = 3;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          round += 1;
          const store = backend.tenant(`round-${round}`);
          const model = createModel(every);
          for (const one of steps) {
            if ("limit" in one) {
              const request = { limit: one.limit, checkpointEvery: every, checkpointNow: one.now };
              const { taken } = await store.auditChain.append(testMaker, request);
              expect(taken).toBe(model.append(one.limit, one.now));
              continue;
            }
            const call = `${round}-${one.call}`;
            const opens = one.do === "open";
            await store.audit[opens ? "open" : "close"](callRecord(call));
            model.put(call, opens ? "open" : "closed");
          }
          const entries = await allEntries(store);
          expectSound(entries);
          expect(entries.map(({ link }) => `${link.callId} ${link.state}`)).toEqual(model.links);
          const signed = await store.auditChain.checkpoints();
          expect(signed.map(({ position }) => position)).toEqual(model.checkpoints);
          const linked = new Set(model.links.map((link) => link.split(" ")[0]));
          expect(await unlinked(store)).toEqual(
            model.rows.map(({ call }) => call).filter((call) => !linked.has(call)),
          );
        }),
        { numRuns: 30 },
      );
    },
  },
];
