import { seededRandom } from "../../src/base/random.ts";
import { cutKinds, type CutPoint } from "../support/cut-store.ts";
import { type KillRow, killRows } from "../support/kill/rows.ts";
import { faultsOf, runTrial, type Trial } from "../support/kill/trial.ts";
import type { HeavySuite } from "./suite.ts";

interface Planned {
  readonly row: KillRow;
  readonly whole: Trial;
  readonly point: CutPoint;
}

/** Every write of every run: a kill before and after its commit, and a lock that refuses it. */
async function plan(say: (line: string) => void): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  for (const row of killRows) {
    const whole = await runTrial(row);
    say(`       ${row.name}: ${whole.outcome}, ${whole.transactions} writes`);
    for (let transaction = 1; transaction <= whole.transactions; transaction += 1) {
      for (const when of cutKinds) {
        planned.push({ row, whole, point: { transaction, when } });
      }
    }
  }
  return planned;
}

async function faultsAt({ row, whole, point }: Planned): Promise<{
  readonly faults: readonly string[];
  readonly unknown: number;
  readonly isCut: boolean;
}> {
  try {
    const killed = await runTrial(row, point);
    return {
      faults: faultsOf(row, killed, whole),
      unknown: killed.story.unknown.length,
      isCut: killed.wasCut,
    };
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { faults: [words], unknown: 0, isCut: true };
  }
}

export const runKill: HeavySuite = {
  about: "kills an engine at every write of many kinds of runs and lets another go on",
  defaultRounds: 10_000,
  run: async (rounds, say, seed) => {
    const planned = await plan(say);
    const random = seededRandom(seed);
    // Fewer rounds than points: a sample that is spread over all rows.
    const keep = Math.min(1, rounds / planned.length);
    const chosen = planned.filter(() => random.next() < keep);
    const byRow = Map.groupBy(chosen, ({ row }) => row);
    let passed = 0;
    let failed = 0;
    for (const [row, points] of byRow) {
      let unknown = 0;
      let cut = 0;
      let bad = 0;
      for (const one of points) {
        const seen = await faultsAt(one);
        unknown += seen.unknown;
        cut += seen.isCut ? 1 : 0;
        if (seen.faults.length === 0) passed += 1;
        else {
          bad += 1;
          say(`FAILED ${row.name}, ${JSON.stringify(one.point)}: ${seen.faults.join("; ")}`);
        }
      }
      failed += bad;
      say(
        `${bad === 0 ? "ok    " : "FAILED"} ${row.name}: ${points.length} points (${cut} kills before the end), ${unknown} unknown outcomes, ${bad} faults`,
      );
    }
    return { passed, failed };
  },
};
