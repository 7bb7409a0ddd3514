import fc from "fast-check";
import { stuckKinds } from "../src/events/event.ts";
import { plantedLoop, plantedReads } from "../test/support/planted-loops.ts";
import { type Played, playRun } from "../test/support/played-run.ts";
import type { Survey } from "./benchmark.ts";
import { columnsOf, type FindingsTable } from "./results.ts";
import {
  airlineReads,
  readTrajectories,
  type Trajectory,
  withoutPeople,
} from "./stuck/trajectories.ts";

const loops = { full: 1_000, quick: 50 } as const;

interface Judged {
  readonly run: Trajectory;
  readonly played: Played;
}

/** Whether runs that got on are left alone, and whether those that go in circles are ended. */
export const stuckSurvey: Survey = {
  run: async ({ quick, progress }) => {
    const runs = readTrajectories(process.env["AGENT33_BENCH_DATA"]);
    progress("real runs");
    const asLogged = runs.map((run) => judge(run, run));
    const alone = runs.map((run) => judge(run, { turns: withoutPeople(run.turns) }));
    const good = asLogged.filter(isGood);
    progress("planted loops");
    const planted = plantedTable(quick ? loops.quick : loops.full);
    return {
      facts: [
        `${runs.length} runs of tau-bench's airline tasks with gpt-4o (MIT), ${good.length} of them with reward 1.`,
        "Development set: these runs were at hand when the detectors were made.",
      ],
      tables: [
        runsTable("Runs as they were: what people say begins afresh", asLogged),
        runsTable("The same calls as if nobody had said anything between them", alone),
        planted,
      ],
      goals: [
        {
          what: "runs with reward 1 that are stopped",
          better: "less",
          goal: 0,
          reached: good.filter(isStopped).length,
        },
        {
          what: "runs with reward 1 that are warned, %",
          better: "less",
          goal: 2,
          reached: share(good, isWarned),
        },
        {
          what: "turns from the start of a planted loop to its end, most",
          better: "less",
          goal: 6,
          reached: Math.max(...planted.rows.map(({ figures }) => figures["most"] ?? Infinity)),
        },
        {
          what: "planted loops that are stopped, %, fewest of a kind",
          better: "more",
          goal: 100,
          reached: Math.min(...planted.rows.map(({ figures }) => figures["stopped"] ?? 0)),
        },
      ],
      notes: [
        ...asLogged.filter(isWarned).map((judged) => `As they were, warned: ${words(judged)}.`),
        ...alone.filter(isWarned).map((judged) => `Without people, warned: ${words(judged)}.`),
        "A run is played to its end whatever it is told; calls that would be refused get the refusal.",
      ],
    };
  },
};

function judge(run: Trajectory, { turns }: Pick<Trajectory, "turns">): Judged {
  return { run, played: playRun(turns, airlineReads) };
}

const isGood = ({ run }: Judged): boolean => run.reward === 1;
const isStopped = ({ played }: Judged): boolean => played.stop !== undefined;
const isWarned = ({ played }: Judged): boolean => played.notices.length > 0;
const isRefused = ({ played }: Judged): boolean =>
  played.notices.some(({ refused }) => refused.length > 0);

function share(judged: readonly Judged[], holds: (one: Judged) => boolean): number {
  return (100 * judged.filter(holds).length) / judged.length;
}

function words({ run, played }: Judged): string {
  const seen = played.notices.map(
    ({ before, kind, turns, refused }) =>
      `${kind} of ${turns} before turn ${before}${refused.length > 0 ? ", refused" : ""}`,
  );
  const stop = played.stop === undefined ? "" : `; stopped before turn ${played.turns + 1}`;
  return `${run.name} (reward ${run.reward}): ${seen.join("; ")}${stop}`;
}

function runsTable(title: string, judged: readonly Judged[]): FindingsTable {
  const row = (name: string, some: readonly Judged[]) => ({
    name,
    figures: {
      runs: some.length,
      turns: some.reduce((sum, { played }) => sum + played.turns, 0),
      warned: some.filter(isWarned).length,
      warnedShare: share(some, isWarned),
      refused: some.filter(isRefused).length,
      stopped: some.filter(isStopped).length,
    },
  });
  return {
    title: `${title}, development set`,
    of: "runs",
    columns: columnsOf({
      runs: "number",
      turns: "turns",
      warned: "warned",
      warnedShare: "warned, %",
      refused: "with calls refused",
      stopped: "stopped",
    }),
    rows: [
      row("reward 1", judged.filter(isGood)),
      row(
        "reward 0",
        judged.filter((one) => !isGood(one)),
      ),
    ],
  };
}

/** The seed is fixed, so that the figures are the same each time. */
function plantedTable(numRuns: number): FindingsTable {
  return {
    title: "Planted loops: turns from their start",
    of: "kind",
    columns: columnsOf({
      loops: "number",
      stopped: "stopped, %",
      least: "to the stop, fewest",
      most: "to the stop, most",
      named: "stopped by that name, %",
      warnedEarly: "warned before the loop, %",
    }),
    rows: stuckKinds.map((kind) => {
      const played = fc.sample(plantedLoop(kind), { seed: 33, numRuns }).map((loop) => {
        return { loop, ...playRun(loop.turns, plantedReads) };
      });
      const stopped = played.filter(({ stop }) => stop !== undefined);
      const lengths = stopped.map(({ loop, turns }) => turns - loop.healthy);
      const percent = (count: number): number => (100 * count) / played.length;
      return {
        name: kind.replaceAll("_", " "),
        figures: {
          loops: played.length,
          stopped: percent(stopped.length),
          least: Math.min(...lengths),
          most: Math.max(...lengths),
          named: percent(stopped.filter(({ stop }) => stop?.kind === kind).length),
          warnedEarly: percent(
            played.filter(({ loop, notices }) =>
              notices.some(({ before }) => before <= loop.healthy + 1),
            ).length,
          ),
        },
      };
    }),
  };
}
