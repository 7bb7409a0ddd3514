import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Capacity, runUnits, type Unit } from "./schedule.ts";

const never = new AbortController().signal;

interface Seen {
  order: number[];
  most: number;
  mostCpus: number;
}

function unitsOf(cpus: readonly number[], seen: Seen): readonly Unit[] {
  const running = new Set<number>();
  return cpus.map((need, index) => ({
    cpus: need,
    memoryMb: 1,
    state: () => "ready",
    run: async () => {
      running.add(index);
      seen.order.push(index);
      seen.most = Math.max(seen.most, running.size);
      const used = [...running].reduce((sum, one) => sum + (cpus[one] ?? 0), 0);
      if (running.size > 1) seen.mostCpus = Math.max(seen.mostCpus, used);
      for (let turn = 0; turn <= index % 3; turn += 1) await setImmediate();
      running.delete(index);
    },
  }));
}

describe("units of a job", () => {
  test("run once each, never more at once than there is room for", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (cpus, limit, byCount) => {
          const seen: Seen = { order: [], most: 0, mostCpus: 0 };
          const capacity: Capacity = byCount
            ? { kind: "count", parallel: limit }
            : { kind: "machine", cpus: limit, memoryMb: 1_000 };
          await runUnits(unitsOf(cpus, seen), capacity, never);
          expect(seen.order.toSorted((a, b) => a - b)).toEqual(cpus.map((_, index) => index));
          if (byCount) expect(seen.most).toBeLessThanOrEqual(limit);
          else expect(seen.mostCpus).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("wait for others, or are dropped by them", async () => {
    const done: string[] = [];
    let gate: "ready" | "waits" | "dropped" = "waits";
    const unit = (name: string, state: Unit["state"], then?: () => void): Unit => ({
      cpus: 1,
      memoryMb: 1,
      state,
      run: async () => {
        await setImmediate();
        done.push(name);
        then?.();
      },
    });
    const units = [
      unit("after", () => gate),
      unit(
        "gate",
        () => "ready",
        () => (gate = "ready"),
      ),
      unit("never", () => "dropped"),
    ];
    await runUnits(units, { kind: "count", parallel: 4 }, never);
    expect(done).toEqual(["gate", "after"]);
  });

  test("are not held up by one that hangs, and none begins after an abort", async () => {
    const stop = new AbortController();
    const done: number[] = [];
    const unit = (index: number): Unit => ({
      cpus: 1,
      memoryMb: 1,
      state: () => "ready",
      run: async () => {
        if (index === 0) {
          await new Promise<void>((resolve) =>
            stop.signal.addEventListener("abort", () => resolve(), { once: true }),
          );
        }
        await setImmediate();
        done.push(index);
        if (index === 3) stop.abort();
      },
    });
    const units = [0, 1, 2, 3, 4, 5].map(unit);
    await runUnits(units, { kind: "count", parallel: 2 }, stop.signal);
    expect(done.toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3]);
  });

  test("that throw end the job, once the others have ended", async () => {
    const done: string[] = [];
    const units: readonly Unit[] = [
      { cpus: 1, memoryMb: 1, state: () => "ready", run: () => Promise.reject(new Error("bug")) },
      {
        cpus: 1,
        memoryMb: 1,
        state: () => "ready",
        run: async () => {
          await setImmediate();
          done.push("other");
        },
      },
    ];
    await expect(runUnits(units, { kind: "count", parallel: 2 }, never)).rejects.toThrow("bug");
    expect(done).toEqual(["other"]);
  });
});
