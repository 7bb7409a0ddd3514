import { best, median, pairedRatio } from "./statistics.ts";
import type { Timing } from "./results.ts";

/** The machine and the moment, without which figures mean nothing. */
export interface Surroundings {
  /** ISO 8601. */
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Load average over one minute. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

interface Figures {
  readonly best: number;
  readonly median: number;
  /** Times the first candidate. */
  readonly ratio: number;
}

export interface ReportRow {
  readonly name: string;
  /** CPU microseconds a call, one call after the other. */
  readonly cpuMicros: Figures;
  /** The same with many calls in flight. */
  readonly cpuInFlightMicros: Figures;
  readonly wallMicros: { readonly p50: number; readonly p99: number };
  readonly bytes: number;
  readonly bytesRatio: number;
  readonly leavesOut: readonly string[];
}

/** One run of one benchmark, as `--json` prints it. */
export interface Report extends Surroundings {
  readonly benchmark: string;
  readonly rounds: number;
  readonly callsInFlight: number;
  readonly rows: readonly ReportRow[];
  readonly notes: readonly string[];
}

/** @throws RangeError when there is nothing to report, or not one figure of bytes a timing */
export function reportRows(timings: readonly Timing[], bytes: readonly number[]): ReportRow[] {
  const [baseline] = timings;
  const [baselineBytes] = bytes;
  if (baseline === undefined || baselineBytes === undefined || bytes.length !== timings.length) {
    throw new RangeError(`${timings.length} timings and ${bytes.length} figures of bytes.`);
  }
  return timings.map((timing, index) => {
    const own = bytes[index] ?? Number.NaN;
    return {
      name: timing.name,
      cpuMicros: figures(timing.cpuMicros, baseline.cpuMicros),
      cpuInFlightMicros: figures(timing.cpuInFlightMicros, baseline.cpuInFlightMicros),
      wallMicros: timing.wallMicros,
      bytes: own,
      bytesRatio: own / baselineBytes,
      leavesOut: timing.leavesOut,
    };
  });
}

function figures(values: readonly number[], baseline: readonly number[]): Figures {
  return { best: best(values), median: median(values), ratio: pairedRatio(values, baseline) };
}

/** The line that says where figures come from. */
export function surroundingsLine(of: Surroundings): string {
  return `Node ${of.node}, ${of.cpu}, ${of.cores} cores, load average ${of.loadBefore.toFixed(2)} before and ${of.loadAfter.toFixed(2)} after`;
}

/** The report for a person: the surroundings, a Markdown table, footnotes. */
export function reportText(report: Report): string {
  const marks = footnoteMarks(report.rows);
  const inFlight = `${report.callsInFlight} in flight`;
  const header = [
    "candidate",
    "CPU µs best",
    "median",
    "× first",
    `${inFlight}: CPU µs best`,
    "median",
    "× first",
    "wall µs p50",
    "p99",
    "bytes",
    "× first",
    "leaves out",
  ];
  const lines = report.rows.map((row) => [
    row.name,
    ...figureCells(row.cpuMicros),
    ...figureCells(row.cpuInFlightMicros),
    short(row.wallMicros.p50),
    short(row.wallMicros.p99),
    row.bytes.toFixed(0),
    short(row.bytesRatio),
    row.leavesOut.map((what) => marks.get(what)).join(" "),
  ]);
  return [
    `${report.benchmark}: ${report.rounds} rounds, ${report.date}`,
    surroundingsLine(report),
    "",
    ...markdownTable(header, lines, [0, header.length - 1]),
    "",
    "CPU: user and system time of the process, a call. Ratios: median over the rounds. Bytes: JavaScript heap.",
    ...[...marks].map(([what, mark]) => `${mark}: ${what}`),
    ...report.notes,
    "",
  ].join("\n");
}

/** a, b, c … for each thing that some row leaves out. */
function footnoteMarks(rows: readonly ReportRow[]): ReadonlyMap<string, string> {
  const all = new Set(rows.flatMap((row) => row.leavesOut));
  return new Map([...all].map((what, index) => [what, String.fromCharCode(97 + index)]));
}

function figureCells({ best, median, ratio }: Figures): readonly string[] {
  return [short(best), short(median), short(ratio)];
}

/** Three digits or so: more would pretend to know them. */
export function short(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** @param words the columns that hold words; the others hold figures, which stand to the right */
export function markdownTable(
  header: readonly string[],
  lines: readonly (readonly string[])[],
  words: readonly number[],
): string[] {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const rowOf = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return words.includes(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, column) =>
    words.includes(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [rowOf(header), rowOf(rule), ...lines.map(rowOf)];
}
