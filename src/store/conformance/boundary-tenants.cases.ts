import { expect } from "vitest";
import { testMaker } from "./audit-chain.cases.ts";
import { callRecord } from "./audit.cases.ts";
import { openBreaker } from "./breakers.cases.ts";
import { atMost, limitUse } from "./limit-uses.cases.ts";
import { probe } from "./tenant-probe.cases.ts";

const auditChain = probe("auditChain", {
  fill: async (store, { name, mark }) => {
    const linked = `${name}-linked`;
    await store.audit.close(callRecord(linked, { runId: mark }));
    const maker = { ...testMaker, sign: () => ({ keyId: mark, signature: mark }) };
    const { end } = await store.auditChain.append(maker, {
      limit: 10,
      checkpointEvery: 10,
      checkpointNow: true,
    });
    await store.audit.open(callRecord(`${name}-waiting`, { runId: mark }));
    return { linked, waiting: `${name}-waiting`, hash: end?.hash };
  },
  view: async ({ auditChain }) => [
    await auditChain.entries(),
    await auditChain.unlinked(),
    await auditChain.checkpoints(),
    await auditChain.end(),
  ],
  swaps: {
    append: async (stranger, _, own) => {
      const appended = await stranger.append(testMaker, { limit: 10, checkpointEvery: 1 });
      expect(appended).toMatchObject({ taken: 1, end: { position: 2, checkpoint: 2 } });
      const ids = (await stranger.entries()).map(({ link }) => link.callId);
      expect(ids).toEqual([own.linked, own.waiting]);
    },
    end: async (stranger, _, own) => {
      expect(await stranger.end()).toEqual({ position: 1, hash: own.hash, checkpoint: 1 });
    },
    publish: async (stranger, theirs, own) => {
      const seen = await stranger.publish(
        () => 1,
        (end, there) => [end?.hash, there],
      );
      expect(seen).toEqual([own.hash, own.hash]);
      expect(seen).not.toContain(theirs.hash);
    },
    entries: async (stranger, _, own) => {
      const found = await stranger.entries({ after: -5, limit: 1000 });
      expect(found.map(({ link, row }) => [link.callId, row?.callId])).toEqual([
        [own.linked, own.linked],
      ]);
    },
    unlinked: async (stranger, _, own) => {
      const found = await stranger.unlinked({ after: -5, limit: 1000 });
      expect(found.map(({ row }) => row.callId)).toEqual([own.waiting]);
    },
    removable: async (stranger) => {
      // Nothing comes after its one signed place, and theirs is not seen.
      expect(await stranger.removable(Number.MAX_SAFE_INTEGER, 1000)).toBeUndefined();
    },
    cut: async (stranger, _, own) => {
      expect(await stranger.cut(1)).toBe(1);
      expect(await stranger.entries()).toEqual([]);
      expect(await stranger.checkpoints()).toMatchObject([{ hash: own.hash }]);
    },
    checkpoints: async (stranger, _, own) => {
      expect(await stranger.checkpoints({ after: -5, limit: 1000 })).toMatchObject([
        { position: 1, hash: own.hash },
      ]);
    },
  },
});

const breakers = probe("breakers", {
  fill: async ({ breakers }, { mark, clock }) => {
    await breakers.save(openBreaker("shared", clock.now() + 10));
    await breakers.force("shared", { state: "open", until: null, by: mark, reason: mark });
    await breakers.save(openBreaker(`${mark} alone`, clock.now() + 10));
    return { shared: "shared", alone: `${mark} alone` };
  },
  view: ({ breakers }) => breakers.list(),
  swaps: {
    list: async (stranger, _, own) => {
      const keys = (await stranger.list({ changedSince: 0 })).map(({ key }) => key);
      expect(keys).toEqual([own.alone, own.shared].sort());
    },
    save: async (stranger, { shared }) => {
      await stranger.save({ ...openBreaker(shared, 1), state: "closed" });
    },
    force: async (stranger, { shared }) => {
      await stranger.force(shared, { state: "closed", until: null, by: "me", reason: "mine" });
    },
    unforce: async (stranger, { shared, alone }) => {
      expect(await stranger.unforce(shared)).toBe(true);
      expect(await stranger.unforce(alone)).toBe(false);
    },
  },
});

const limitUses = probe("limitUses", {
  fill: async ({ limitUses }, { name, mark }) => {
    const [held, used] = [limitUse(`${name}-held`), limitUse(`${name}-used`)];
    for (const use of [held, used, limitUse("same"), limitUse(mark)]) {
      await limitUses.hold(use, atMost(4));
    }
    await limitUses.use(used);
    return { held, used };
  },
  view: ({ limitUses }) => limitUses.usage("r", "run", 0),
  swaps: {
    hold: async (stranger, { held, used }) => {
      // Four of their own are counted and none of another's.
      expect(await stranger.hold(held, atMost(5))).toEqual({ granted: true });
      expect(await stranger.hold(used, atMost(5))).toMatchObject({ granted: false, used: 5 });
    },
    use: async (stranger, { held }) => {
      await stranger.use(held, 7);
      await stranger.use(limitUse("same"), 7);
      expect(await stranger.usage("r", "run", 0)).toEqual({ calls: 4, amount: 7, held: 2 });
    },
    release: async (stranger, { held, used }) => {
      for (const use of [held, used, limitUse("same")]) await stranger.release(use);
      expect((await stranger.usage("r", "run", 0)).calls).toBe(3);
    },
    usage: async (stranger) => {
      expect((await stranger.usage("r", "run", 0)).calls).toBe(4);
    },
    prune: async (stranger) => {
      expect(await stranger.prune(Number.MAX_SAFE_INTEGER)).toBe(4);
    },
  },
});

/** What the boundary keeps beside its audit: each repository between two tenants. */
export const boundaryProbes = { auditChain, breakers, limitUses };
