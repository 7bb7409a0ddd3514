import { isDeepStrictEqual } from "node:util";
import { Agent33Error } from "../../src/base/errors.ts";
import { dayMs, type Window, windowOf } from "../../src/learning/summary.ts";
import type { Backend } from "../../src/store/backend.ts";
import { first } from "../../src/store/program.ts";
import type { Progress } from "../benchmark.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import { best, median } from "../statistics.ts";
import { checkFill, fill } from "./fill.ts";
import { type Reading, readMean, settle } from "./meter.ts";
import { ids } from "./places.ts";

export interface Library {
  readonly name: string;
  readonly backend: Backend;
  /** Called once it is filled. */
  readonly tidy?: () => Promise<void>;
}

export interface ReadingOptions {
  readonly libraries: readonly Library[];
  /** Signals of the one tenant. */
  readonly signals: number;
  readonly rounds: number;
  readonly progress: Progress;
}

const tenant = "bench";
/** A moment whose 30 days begin and end within a day: whole days alone would be cheaper. */
const now = Date.UTC(2026, 10, 22, 12, 30);
const filled: Window = { from: now - 60 * dayMs, to: now };
const pageSize = 50;

/** Something that people and agents ask of the signals. */
interface Question {
  readonly name: string;
  /** Runs a reading, so that the shortest are long enough to be read. */
  readonly times: number;
  ask(backend: Backend): Promise<unknown>;
}

const summary: Question = {
  name: "summary of 30 days",
  times: 1,
  ask: (backend) => backend.tenant(tenant).signalCounts.summary({ days: 30, now }),
};

const questions: readonly Question[] = [
  summary,
  {
    name: `page of the ${pageSize} newest of one type`,
    times: 10,
    ask: (backend) => backend.tenant(tenant).signals.list({ type: "incident", limit: pageSize }),
  },
  {
    name: `the ${pageSize} worst that wait for an intake`,
    times: 10,
    ask: (backend) =>
      backend
        .tenant(tenant)
        .signals.waiting({ minSeverity: "medium", minScore: 0.5, limit: pageSize }),
  },
];

/** The figure that the goal is about. */
export const summaryRow = (library: string): string => `${summary.name}, ${library}`;

/** What questions cost over many signals of one tenant: 24 classes and 10 sources over 60 days. */
export async function measureReading(options: ReadingOptions): Promise<FindingsTable> {
  const { libraries, signals, rounds, progress } = options;
  for (const { backend, tidy } of libraries) {
    await checkFill(backend, ids, filled);
    await fill(backend, { tenant, count: signals, window: filled, ids, progress });
    await tidy?.();
    progress(`${backend.kind}: checking what is there`);
    await checkSums(backend, signals);
  }
  const all = questions.flatMap((question) =>
    libraries.map((library) => ({ question, library, readings: [] as Reading[] })),
  );
  for (const { question, library } of all) await question.ask(library.backend);
  for (let round = 1; round <= rounds; round += 1) {
    progress(`questions: round ${round} of ${rounds}`);
    for (const { question, library, readings } of all) {
      await settle();
      readings.push(await readMean(question.times, () => question.ask(library.backend)));
    }
  }
  return {
    title: `Questions over ${signals} signals of one tenant`,
    of: "question",
    columns,
    rows: all.map(({ question, library, readings }) => {
      const [cpus, walls] = [readings.map((one) => one.cpuMs), readings.map((one) => one.wallMs)];
      return {
        name: `${question.name}, ${library.name}`,
        figures: {
          cpuMsBest: best(cpus),
          cpuMsMedian: median(cpus),
          wallMsBest: best(walls),
          wallMsMedian: median(walls),
        },
      };
    }),
  };
}

const columns = columnsOf({
  cpuMsBest: "CPU ms best",
  cpuMsMedian: "median",
  wallMsBest: "wall ms best",
  wallMsMedian: "median",
});

/** The summary must say what the rows themselves add up to. */
async function checkSums(backend: Backend, signals: number): Promise<void> {
  const { signalCounts } = backend.tenant(tenant);
  const mismatches = await signalCounts.checkCounts();
  const { total, previous, from, to } = await signalCounts.summary({ days: 30, now });
  const counted = await backend.tables.read(() =>
    first(
      `SELECT count(*) AS every, count(CASE WHEN recorded_at >= ? AND recorded_at < ? THEN 1 END) AS inside
       FROM signals WHERE tenant = ?`,
      from,
      to,
      tenant,
    ),
  );
  const right =
    isDeepStrictEqual(windowOf({ days: 30 }, now), { from, to }) &&
    mismatches.length === 0 &&
    counted?.["every"] === signals &&
    counted["inside"] === total &&
    previous.total > 0;
  if (right) return;
  throw new Agent33Error(
    "bench.unfair",
    `${backend.kind}: a summary and the signals' own rows do not agree.`,
    { hint: "Look at the counts that bench/store/fill.ts makes." },
  );
}
