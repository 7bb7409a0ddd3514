import { expect } from "vitest";
import { change } from "../program.ts";
import { newRun } from "../store.fixture.ts";
import type { Case } from "./suite.cases.ts";

/** How far each run's log has been read for signals. */
export const learnedRunsCases: readonly Case[] = [
  {
    name: "has read nothing of a run at first, and then as far as it was told",
    run: async ({ backend }) => {
      const { learnedRuns } = backend.tenant("a");
      expect(await learnedRuns.mark("run")).toBe(0);
      await learnedRuns.setMark("run", 7);
      expect(await learnedRuns.mark("run")).toBe(7);
      expect(await learnedRuns.mark("other")).toBe(0);
      expect(await backend.tenant("b").learnedRuns.mark("run")).toBe(0);
    },
  },
  {
    name: "never goes back, whoever comes last",
    run: async ({ backend }) => {
      const { learnedRuns } = backend.tenant("a");
      await Promise.all([3, 9, 1, 9, 4].map((seq) => learnedRuns.setMark("run", seq)));
      await learnedRuns.setMark("run", 8);
      expect(await learnedRuns.mark("run")).toBe(9);
    },
  },
  {
    name: "names the runs that stand still and are not read to their end, oldest first",
    run: async ({ backend, clock }) => {
      const { learnedRuns, runs, runLog } = backend.tenant("a");
      /** A process holds the run until then. */
      const hold = (id: string, state: string, leaseUntil: number | null) =>
        backend.tables.write(() =>
          change(
            `INSERT INTO durable_runs
               (run_id, workflow, version, input, state, lease_until, created_at, updated_at)
             VALUES (?, 'w', 1, '{}', ?, ?, 1, 1)`,
            id,
            state,
            leaseUntil,
          ),
        );
      const add = async (id: string, events: number, outcome?: string) => {
        await runs.create(newRun(id));
        const all = Array.from(
          { length: events },
          () => ({ type: "message.user", text: "x" }) as const,
        );
        await runLog.append(id, all);
        if (outcome === undefined) return;
        await runs.finish(id, { outcome, costMicroUsd: 0, unpricedCalls: 0 });
      };
      await add("z-failed", 2, "failed");
      await add("going-on", 2);
      await hold("going-on", "running", clock.now() + 1);
      await add("killed", 1);
      await hold("killed", "running", clock.now());
      await add("empty", 0, "failed");
      await add("a-parked", 1, "parked");
      await add("read", 3, "verified");
      await learnedRuns.setMark("read", 3);
      await learnedRuns.setMark("z-failed", 1);
      expect(await learnedRuns.behind(10)).toEqual(["z-failed", "killed", "a-parked"]);
      expect(await learnedRuns.behind(1)).toEqual(["z-failed"]);
      await learnedRuns.setMark("z-failed", 2);
      expect(await learnedRuns.behind(10)).toEqual(["killed", "a-parked"]);
      await learnedRuns.setMark("killed", 1);
      clock.advance(1);
      expect(await learnedRuns.behind(10)).toEqual(["going-on", "a-parked"]);
    },
  },
];
