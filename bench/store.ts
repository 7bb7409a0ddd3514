import type { Survey, SurveyOptions } from "./benchmark.ts";
import type { Findings, FindingsTable, Goal } from "./results.ts";
import { measureGrowth } from "./store/growth.ts";
import {
  createFolders,
  diskFact,
  type Folders,
  openSqlite,
  type PostgresPlace,
  startPostgresPlace,
} from "./store/places.ts";
import { type Library, measureReading, summaryRow } from "./store/reading.ts";
import { type Load, measureWriting } from "./store/writing.ts";

/** How much is written and read. */
const amounts = {
  full: {
    sizes: [100, 1_000, 10_000, 50_000],
    warmUpWrites: 300,
    loadMs: 500,
    signals: 1_000_000,
  },
  quick: { sizes: [10, 100], warmUpWrites: 10, loadMs: 50, signals: 2_000 },
} as const;

const widePool = 16;
const leastRowsASecond = 4_000;
const longestAckMs = 25;
const longestSummaryMs = 50;

async function survey(
  { rounds, quick, progress }: SurveyOptions,
  folders: Folders,
  postgres: PostgresPlace | string,
): Promise<Findings> {
  const { sizes, warmUpWrites, loadMs, signals } = amounts[quick ? "quick" : "full"];
  const disk = diskFact(folders.make());
  const growth = await measureGrowth({ sizes, warmUpWrites, rounds, folders, progress });
  const writing = await writingTable(postgres, folders, (loads) =>
    measureWriting({ loads, rounds, loadMs, progress }),
  );
  const reading = await readingTable(postgres, folders, (libraries) =>
    measureReading({ libraries, signals, rounds, progress }),
  );
  return {
    facts: [
      `SQLite ${process.versions.sqlite}, WAL, synchronous FULL.`,
      typeof postgres === "string"
        ? `No PostgreSQL beside it: ${postgres}.`
        : `PostgreSQL ${postgres.version} on the same machine, over loopback, fsync on, otherwise its defaults but for 32 MB of shared buffers.`,
      disk,
    ],
    tables: [growth.table, writing, reading],
    goals: [
      ...growth.goals,
      goal(writing, sixtyFour, "rowsASecond", "durable rows a second", "more", leastRowsASecond),
      goal(writing, sixtyFour, "ackP99Ms", "ms to acknowledge, p99", "less", longestAckMs),
      goal(reading, summaryRow("SQLite"), "cpuMsMedian", "CPU ms", "less", longestSummaryMs),
    ],
    notes: [
      "CPU is user and system time of the measuring process; a PostgreSQL server's own is not in it.",
      "Each write is acknowledged once it would survive a power cut. After the measuring, what was acknowledged is counted in the tables.",
      "Whole blob: the Python engine's design made again in TypeScript, all signals as one JSON text that is rewritten at each write, without its validation and copying.",
      "The signals of the questions are put in with many rows a statement; for a sample, this is seen to leave what recording leaves, row by row, and the sums of all are checked.",
    ],
  };
}

const sixtyFour = "SQLite, 64 writers";

async function writingTable(
  postgres: PostgresPlace | string,
  folders: Folders,
  measure: (loads: readonly Load[]) => Promise<FindingsTable>,
): Promise<FindingsTable> {
  const sqlite = openSqlite(folders.make());
  const one = (count: number): string => (count === 1 ? "1 writer" : `${count} writers`);
  const loads: Load[] = [
    ...[1, 8, 64, 512].map((writers) => ({
      name: `SQLite, ${one(writers)}`,
      backend: sqlite,
      writers,
      batch: 1,
    })),
    ...[100, 1_000].map((batch) => ({
      name: `SQLite, 1 writer, ${batch} at once`,
      backend: sqlite,
      writers: 1,
      batch,
    })),
  ];
  const journaled = openSqlite(folders.make(), true);
  for (const writers of [1, 64]) {
    const name = `SQLite with its journal, ${one(writers)}`;
    loads.push({ name, backend: journaled, writers, batch: 1 });
  }
  const opened = [sqlite, journaled];
  if (typeof postgres !== "string") {
    const usual = await postgres.open();
    const wide = await postgres.open(widePool);
    opened.push(usual, wide);
    for (const writers of [1, 64]) {
      loads.push({ name: `PostgreSQL, ${one(writers)}`, backend: usual, writers, batch: 1 });
    }
    const name = `PostgreSQL, 64 writers, ${widePool} connections`;
    loads.push({ name, backend: wide, writers: 64, batch: 1 });
    loads.push({
      name: "PostgreSQL, 1 writer, 1000 at once",
      backend: usual,
      writers: 1,
      batch: 1_000,
    });
  }
  try {
    return await measure(loads);
  } finally {
    for (const backend of opened) await backend.close();
  }
}

async function readingTable(
  postgres: PostgresPlace | string,
  folders: Folders,
  measure: (libraries: readonly Library[]) => Promise<FindingsTable>,
): Promise<FindingsTable> {
  const libraries: Library[] = [{ name: "SQLite", backend: openSqlite(folders.make()) }];
  if (typeof postgres !== "string") {
    const backend = await postgres.open();
    libraries.push({ name: "PostgreSQL", backend, tidy: () => postgres.tidy() });
  }
  try {
    return await measure(libraries);
  } finally {
    for (const { backend } of libraries) await backend.close();
  }
}

function goal(
  table: FindingsTable,
  row: string,
  key: string,
  what: string,
  better: Goal["better"],
  bar: number,
): Goal {
  const reached = table.rows.find(({ name }) => name === row)?.figures[key];
  if (reached === undefined) throw new RangeError(`No figure ${key} of "${row}".`);
  return { what: `${row}: ${what}`, better, goal: bar, reached };
}

/** What it costs to keep signals safe and to ask for them. */
export const storeSurvey: Survey = {
  run: async (options) => {
    const folders = createFolders();
    try {
      const postgres = await startPostgresPlace();
      try {
        return await survey(options, folders, postgres);
      } finally {
        if (typeof postgres !== "string") await postgres.remove();
      }
    } finally {
      folders.remove();
    }
  },
};
