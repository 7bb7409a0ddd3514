import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Clock, manualClock } from "../base/clock.ts";
import { uuidv7Source } from "../base/ids.ts";
import { seededRandom } from "../base/random.ts";
import { parseNewSignal } from "../learning/signal.ts";
import { verifyJournal } from "./journal/verify.ts";
import { newRun } from "./store.fixture.ts";
import { openStore } from "./store.ts";

const hourMs = 3_600_000;
/** What is added to the machine's time at each step: an hour back, ten years on, right again. */
const steps = [0, -hourMs, 10 * 365 * 24 * hourMs, -hourMs, 0] as const;

test("a wall clock that is set back and far ahead changes no order, no id and no window", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "agent33-clock-"));
  const machine = manualClock();
  let offsetMs = 0;
  const clock: Clock = { ...machine, now: () => machine.now() + offsetMs };
  const options = { dataDir, clock, journal: true, synchronous: "normal" } as const;
  let told = 0;
  const onJournalTrouble = () => {
    told += 1;
  };
  const made: string[] = [];
  const outcomes: string[] = [];
  for (const [index, step] of steps.entries()) {
    offsetMs = step;
    // Half of the steps are met by a process that has just started.
    const ids = uuidv7Source(clock, seededRandom(index + 1));
    const store = openStore({ ...options, ids, onJournalTrouble });
    const { runs, runLog, signals } = store.tenant("local");
    if (index === 0) runs.create(newRun("run"));
    runLog.append("run", [{ type: "message.user", text: `${index}` }]);
    offsetMs = steps[index + 1] ?? 0;
    runLog.append("run", [{ type: "message.user", text: `${index} on` }]);
    for (const source of ["one", "other"]) {
      const signal = parseNewSignal({
        type: "bug",
        severity: "low",
        summary: `Gate ${"abcde"[index]} answered late`,
        source,
      });
      const { signal: kept } = signals.record(signal, { dedupeWindowMs: hourMs });
      made.push(kept.id);
      outcomes.push(signals.record(signal, { dedupeWindowMs: hourMs }).outcome);
    }
    machine.advance(1_000);
    store.close();
  }
  offsetMs = 0;
  const store = openStore({ ...options, ids: uuidv7Source(clock, seededRandom(9)) });
  const { runLog, signals } = store.tenant("local");
  expect(runLog.read("run").map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(signals.list({}).items.map(({ id }) => id)).toEqual(made.toReversed());
  expect(new Set(made).size).toBe(10);
  expect(new Set(outcomes)).toEqual(new Set(["repeated"]));
  store.close();
  expect(told).toBe(0);
  expect(await verifyJournal(join(dataDir, "journal"))).toMatchObject([{ problems: [] }]);
  rmSync(dataDir, { recursive: true });
});
