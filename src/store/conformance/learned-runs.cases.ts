import { expect } from "vitest";
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
    run: async ({ backend }) => {
      const { learnedRuns, runs, runLog } = backend.tenant("a");
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
      await add("empty", 0, "failed");
      await add("a-parked", 1, "parked");
      await add("read", 3, "verified");
      await learnedRuns.setMark("read", 3);
      await learnedRuns.setMark("z-failed", 1);
      expect(await learnedRuns.behind(10)).toEqual(["z-failed", "a-parked"]);
      expect(await learnedRuns.behind(1)).toEqual(["z-failed"]);
      await learnedRuns.setMark("z-failed", 2);
      expect(await learnedRuns.behind(10)).toEqual(["a-parked"]);
    },
  },
];
