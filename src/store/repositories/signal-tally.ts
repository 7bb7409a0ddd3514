import { bucketStart } from "../../learning/summary.ts";
import { change, type Program, type SqlValue } from "../program.ts";

/** What one signal, or one more time that it was seen, adds to the counts. */
export interface Counted {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly type: string;
  readonly severity: string;
  readonly source: string;
  readonly signals: 0 | 1;
  readonly occurrences: number;
  /** Thousandths. */
  readonly qualityTotal: number;
  readonly highQuality: 0 | 1;
}

/** Gathers what a transaction adds to the counts by hour and day, and writes it at its end. */
export interface SignalTally {
  add(counted: Counted): void;
  write(): Program<void>;
}

interface CountTable {
  readonly name: string;
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

const classCounts: CountTable = {
  name: "signal_class_counts",
  keys: ["tenant", "grain", "bucket", "type", "severity"],
  values: ["signals", "occurrences", "quality_total", "high_quality"],
};
const sourceCounts: CountTable = {
  name: "signal_source_counts",
  keys: ["tenant", "grain", "bucket", "source"],
  values: ["signals", "occurrences"],
};
const grains = ["day", "hour"] as const;

/** Rows a statement may have: few sizes, so that few texts are prepared. One signal needs two. */
const rowsAtOnce = [32, 8, 2, 1] as const;

export function createSignalTally(tenant: string): SignalTally {
  const classes = createSums();
  const sources = createSums();
  return {
    add: ({ at, type, severity, source, ...counted }) => {
      const { signals, occurrences, qualityTotal, highQuality } = counted;
      for (const grain of grains) {
        const bucket = bucketStart(at, grain);
        const quality = [qualityTotal, highQuality];
        classes.add([grain, bucket, type, severity], [signals, occurrences, ...quality]);
        sources.add([grain, bucket, source], [signals, occurrences]);
      }
    },
    *write() {
      yield* writeSums(tenant, classCounts, classes);
      yield* writeSums(tenant, sourceCounts, sources);
    },
  };
}

interface Sums {
  add(key: readonly (string | number)[], amounts: readonly number[]): void;
  /** Key and sums of each row, always in one order: two transactions never wait for each other. */
  rows(): readonly (readonly SqlValue[])[];
}

function createSums(): Sums {
  const byKey = new Map<string, { readonly key: readonly SqlValue[]; sums: readonly number[] }>();
  return {
    add: (key, amounts) => {
      const name = JSON.stringify(key);
      const known = byKey.get(name);
      if (known === undefined) byKey.set(name, { key, sums: amounts });
      else known.sums = known.sums.map((sum, index) => sum + (amounts[index] ?? 0));
    },
    rows: () =>
      [...byKey]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([, { key, sums }]) => [...key, ...sums]),
  };
}

function* writeSums(tenant: string, table: CountTable, sums: Sums): Program<void> {
  let rest = sums.rows();
  while (rest.length > 0) {
    const size = rowsAtOnce.find((one) => one <= rest.length) ?? 1;
    const values = rest.slice(0, size).flatMap((row): readonly SqlValue[] => [tenant, ...row]);
    rest = rest.slice(size);
    yield* change(upsert(table, size), ...values);
  }
}

function upsert({ name, keys, values }: CountTable, rowCount: number): string {
  const columns = [...keys, ...values];
  const row = `(${columns.map(() => "?").join(", ")})`;
  return `INSERT INTO ${name} (${columns.join(", ")})
    VALUES ${Array.from({ length: rowCount }, () => row).join(", ")}
    ON CONFLICT (${keys.join(", ")}) DO UPDATE SET
      ${values.map((value) => `${value} = ${name}.${value} + excluded.${value}`).join(", ")}`;
}
