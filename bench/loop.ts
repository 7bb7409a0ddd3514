import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { Agent33Error } from "../src/base/errors.ts";
import type { Progress, Survey } from "./benchmark.ts";
import { contenders } from "./loop/contenders.ts";
import { parkedSchema, type RowPlan, type RowReading, rowReadingSchema } from "./loop/reading.ts";
import { columnsOf, type FindingsTable } from "./results.ts";
import { best, median } from "./statistics.ts";

/** What is run: few long runs, many short ones, and a crowd at the same time. */
const shapes = {
  full: {
    long: { turns: 200, calls: 1, runs: 6, atOnce: 1 },
    short: { turns: 5, calls: 1, runs: 200, atOnce: 1 },
    many: { turns: 50, calls: 4, runs: 10, atOnce: 1 },
    crowd: { turns: 5, calls: 1, runs: 1_000, atOnce: 1_000 },
    parked: 300,
  },
  quick: {
    long: { turns: 20, calls: 1, runs: 1, atOnce: 1 },
    short: { turns: 5, calls: 1, runs: 3, atOnce: 1 },
    many: { turns: 5, calls: 4, runs: 1, atOnce: 1 },
    crowd: { turns: 5, calls: 1, runs: 20, atOnce: 20 },
    parked: 10,
  },
} as const;

type Shape = Omit<RowPlan, "place">;
type Row = { readonly name: string; readonly place: number; readonly readings: RowReading[] };

async function childSays(script: string, argument: string): Promise<unknown> {
  const path = `${import.meta.dirname}/loop/${script}`;
  const child = spawn(process.execPath, ["--expose-gc", path, argument], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code === 0) return JSON.parse(output) as unknown;
  throw new Agent33Error(
    "bench.failed",
    `The process of ${script} ended with ${String(code ?? signal)}.`,
    {
      hint: "What went wrong is printed above.",
    },
  );
}

async function table(
  title: string,
  shape: Shape,
  rounds: number,
  progress: Progress,
): Promise<FindingsTable> {
  const rows = contenders.map(({ name }, place): Row => ({ name, place, readings: [] }));
  for (let round = 1; round <= rounds; round += 1) {
    // In turn, so that what else the machine does falls on all of them.
    for (const { name, place, readings } of rows) {
      progress(`${title}: ${name}, round ${round} of ${rounds}`);
      const said = await childSays("row-main.ts", JSON.stringify({ place, ...shape }));
      readings.push(rowReadingSchema.parse(said));
    }
  }
  return {
    title,
    of: "loop",
    columns: columnsOf({
      cpu: "CPU ms a turn, median",
      cpuBest: "best",
      wall: "wall ms a turn, median",
      ...(shape.atOnce > 1 ? { rss: "MB more" } : {}),
    }),
    rows: rows.map(({ name, readings }) => ({
      name,
      figures: {
        cpu: median(readings.map(({ cpuMsATurn }) => cpuMsATurn)),
        cpuBest: best(readings.map(({ cpuMsATurn }) => cpuMsATurn)),
        wall: median(readings.map(({ wallMsATurn }) => wallMsATurn)),
        ...(shape.atOnce > 1 ? { rss: median(readings.map(({ rssMbMore }) => rssMbMore)) } : {}),
      },
    })),
  };
}

/** What one call more costs within a turn, from turns with several and turns with one. */
function callsTable(one: FindingsTable, several: FindingsTable, calls: number): FindingsTable {
  const cpuOf = (table: FindingsTable, place: number): number =>
    table.rows[place]?.figures["cpuBest"] ?? Number.NaN;
  return {
    title: `A tool call apart from its turn (${several.title.toLowerCase()})`,
    of: "loop",
    columns: columnsOf({
      one: "CPU ms a turn with 1 call, best",
      several: `with ${calls} calls, best`,
      call: "a call more",
    }),
    rows: contenders.map(({ name }, place) => {
      const [first, all] = [cpuOf(one, place), cpuOf(several, place)];
      return { name, figures: { one: first, several: all, call: (all - first) / (calls - 1) } };
    }),
  };
}

/** The bar: no dearer a turn than the cheapest of the others. */
function barOf({ title, rows }: FindingsTable) {
  const others = rows.filter((_row, place) => contenders[place]?.kind === "other");
  const cheapest = Math.min(...others.map(({ figures }) => figures["cpuBest"] ?? Infinity));
  const ours = rows[0];
  return {
    what: `${title}: CPU ms a turn of "${ours?.name ?? "?"}", beside the cheapest other`,
    better: "less" as const,
    goal: Number(cheapest.toPrecision(3)),
    reached: ours?.figures["cpuBest"] ?? Infinity,
  };
}

/** What the engine adds to a turn and to a tool call, beside other libraries' loops. */
export const loopSurvey: Survey = {
  run: async ({ rounds, quick, progress }) => {
    const { long, short, many, crowd, parked } = shapes[quick ? "quick" : "full"];
    const single = { ...many, calls: 1 };
    const one = await table(`Runs of ${many.turns} turns`, single, rounds, progress);
    const several = await table(
      `Runs of ${many.turns} turns with ${many.calls} calls each`,
      many,
      rounds,
      progress,
    );
    const tables = [
      await table(`Runs of ${long.turns} turns`, long, rounds, progress),
      await table(`Runs of ${short.turns} turns`, short, rounds, progress),
      await table(`${crowd.runs} runs of ${crowd.turns} turns at once`, crowd, rounds, progress),
    ];
    progress(`parking ${parked} runs`);
    const { kilobytesARun } = parkedSchema.parse(await childSays("parked-main.ts", String(parked)));
    return {
      facts: [
        `SQLite ${process.versions.sqlite}, WAL. NORMAL may lose the last turns in a power cut, FULL none.`,
        `A parked run holds ${kilobytesARun.toFixed(1)} kB of the heap of the process that parked it (${parked} runs).`,
      ],
      tables: [...tables, callsTable(one, several, many.calls)],
      goals: tables.map(barOf),
      notes: [
        "Each turn is a model that answers at once, with one tool call that answers at once; each run ends with a turn of words. So all of it is what the loop itself costs.",
        ...contenders.flatMap(({ name, leavesOut }) =>
          leavesOut === undefined ? [] : [`${name}: ${leavesOut}.`],
        ),
        "Each reading is of a process of its own that has run before. CPU is user and system time of the whole process.",
        "The transactions alone are one for each turn and one for each call, with the rows that ours writes: nobody who keeps both can go below.",
        "Opening a run's servers, tools and settings is not in it: sessions are made by hand, of the engine's own parts.",
      ],
    };
  },
};
