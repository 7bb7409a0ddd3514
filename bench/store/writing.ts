import { Agent33Error } from "../../src/base/errors.ts";
import type { Backend } from "../../src/store/backend.ts";
import { first } from "../../src/store/program.ts";
import type { Progress } from "../benchmark.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import { best, median, percentile } from "../statistics.ts";
import { read, settle } from "./meter.ts";
import { recordOptions, signalAt } from "./signals.ts";

/** How signals come in: so many writers, each of which awaits one write before the next. */
export interface Load {
  readonly name: string;
  readonly backend: Backend;
  readonly writers: number;
  /** Signals a write: one with `record`, several with `recordMany`. */
  readonly batch: number;
}

export interface WritingOptions {
  readonly loads: readonly Load[];
  readonly rounds: number;
  /** How long each load lasts in each round. */
  readonly loadMs: number;
  readonly progress: Progress;
}

interface Measured {
  readonly load: Load;
  readonly tenant: string;
  /** Signals given to the store so far; the next one's number. */
  sent: number;
  acknowledged: number;
  readonly rowsASecond: number[];
  readonly cpuMicrosARow: number[];
  readonly ackMs: number[];
}

/** Rows a second and latencies of acknowledgements, loads in turn, round by round. */
export async function measureWriting(options: WritingOptions): Promise<FindingsTable> {
  const { loads, rounds, loadMs, progress } = options;
  const all = loads.map((load, index): Measured => {
    const tenant = `load-${index}`;
    return {
      load,
      tenant,
      sent: 0,
      acknowledged: 0,
      rowsASecond: [],
      cpuMicrosARow: [],
      ackMs: [],
    };
  });
  for (const measured of all) {
    progress(`warming up ${measured.load.name}`);
    await run(measured, loadMs);
    for (const list of [measured.rowsASecond, measured.cpuMicrosARow, measured.ackMs]) {
      list.length = 0;
    }
  }
  for (let round = 1; round <= rounds; round += 1) {
    for (const measured of all) {
      progress(`${measured.load.name}: round ${round} of ${rounds}`);
      await run(measured, loadMs);
    }
  }
  for (const measured of all) await checkAcknowledged(measured);
  return {
    title: "Durable writes",
    of: "load",
    columns,
    rows: all.map(({ load, rowsASecond, cpuMicrosARow, ackMs }) => ({
      name: load.name,
      figures: {
        rowsASecond: median(rowsASecond),
        rowsASecondBest: percentile(rowsASecond, 1),
        ackP50Ms: median(ackMs),
        ackP99Ms: percentile(ackMs, 0.99),
        cpuMicrosARow: median(cpuMicrosARow),
        cpuMicrosARowBest: best(cpuMicrosARow),
      },
    })),
  };
}

const columns = columnsOf({
  rowsASecond: "rows/s median",
  rowsASecondBest: "best",
  ackP50Ms: "acknowledged ms p50",
  ackP99Ms: "p99",
  cpuMicrosARow: "CPU µs a row median",
  cpuMicrosARowBest: "best",
});

async function run(measured: Measured, loadMs: number): Promise<void> {
  const { load, tenant } = measured;
  const { signals } = load.backend.tenant(tenant);
  const write = async (): Promise<void> => {
    const from = measured.sent;
    measured.sent += load.batch;
    if (load.batch === 1) {
      await signals.record(signalAt(from), recordOptions);
      return;
    }
    const batch = Array.from({ length: load.batch }, (_, index) => signalAt(from + index));
    await signals.recordMany(batch, recordOptions);
  };
  await settle();
  const before = measured.acknowledged;
  const until = performance.now() + loadMs;
  const writer = async (): Promise<void> => {
    for (let began = performance.now(); began < until; ) {
      await write();
      const ended = performance.now();
      measured.ackMs.push(ended - began);
      measured.acknowledged += load.batch;
      began = ended;
    }
  };
  const { wallMs, cpuMs } = await read(() =>
    Promise.all(Array.from({ length: load.writers }, writer)),
  );
  const rows = measured.acknowledged - before;
  measured.rowsASecond.push((rows * 1000) / wallMs);
  measured.cpuMicrosARow.push((cpuMs * 1000) / rows);
}

/** What was acknowledged must be there, each signal as one of its own, and counted. */
async function checkAcknowledged({ load, tenant, acknowledged }: Measured): Promise<void> {
  const { backend } = load;
  const counted = await backend.tables.read(() =>
    first("SELECT count(*) AS kept FROM signals WHERE tenant = ?", tenant),
  );
  const kept = Number(counted?.["kept"]);
  const mismatches = await backend.tenant(tenant).signalCounts.checkCounts();
  if (kept === acknowledged && mismatches.length === 0) return;
  throw new Agent33Error(
    "bench.unfair",
    `${load.name}: ${acknowledged} signals were acknowledged, ${kept} are there, and ${mismatches.length} sums are wrong.`,
    {
      hint: "The store lost or merged signals, or counted wrongly; no speed makes up for that.",
    },
  );
}
