import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { systemClock } from "../src/base/clock.ts";
import { Agent33Error, messageOf, toAgent33Error } from "../src/base/errors.ts";
import { suggestName } from "../src/base/nearest.ts";
import { exitCodeOfError, exitCodes } from "../src/cli/exit-codes.ts";
import { usageError, wholeNumber } from "../src/cli/usage.ts";
import { type BenchmarkEntry, benchmarks } from "./benchmark.ts";
import { callsInFlight } from "./harness.ts";
import { type Report, reportRows, reportText, type Surroundings } from "./report.ts";
import { type Measured, measuredSchema, type MeasureMode } from "./results.ts";
import { type SurveyReport, surveyText } from "./survey-report.ts";

const defaultRounds = 15;
const quickRounds = 3;
const usage = "npm run bench -- NAME [--rounds N] [--quick] [--json]";

/**
 * Each mode has a process of its own: a young generation that holds a whole batch makes bytes
 * countable, but times flattering, because nothing is collected.
 */
const flags: Readonly<Record<MeasureMode, readonly string[]>> = {
  time: ["--expose-gc"],
  bytes: ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256"],
  survey: ["--expose-gc"],
};

interface Arguments {
  readonly name: string | undefined;
  readonly rounds: number;
  /** Small amounts, for benchmarks that have such. */
  readonly quick: boolean;
  readonly json: boolean;
}

function readArguments(words: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const { quick, json } = values;
    if (positionals.length > 1) throw usageError("One benchmark at a time.", usage);
    const usual = quick ? quickRounds : defaultRounds;
    const rounds = values.rounds === undefined ? usual : wholeNumber("--rounds")(values.rounds);
    return { name: positionals[0], rounds, quick, json };
  } catch (error) {
    if (error instanceof Agent33Error) throw error;
    throw usageError(messageOf(error), usage);
  }
}

function find(name: string): BenchmarkEntry {
  const found = benchmarks.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const known = benchmarks.map((entry) => entry.name);
  throw usageError(`There is no benchmark "${name}".`, suggestName(name, known));
}

async function measure(
  entry: BenchmarkEntry,
  mode: MeasureMode,
  { rounds, quick }: Arguments,
): Promise<Measured> {
  const script = `${import.meta.dirname}/measure.ts`;
  const child = spawn(
    process.execPath,
    [...flags[mode], script, entry.name, mode, String(rounds), quick ? "quick" : "full"],
    // The channel carries nothing: its end tells the child that nobody waits for it any more.
    { stdio: ["ignore", "pipe", "inherit", "ipc"] },
  );
  if (child.stdout === null) throw new Error("It was started with a pipe for its output.");
  const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) {
    throw new Agent33Error(
      "bench.failed",
      `Measuring the ${mode} of "${entry.name}" ended with ${String(code ?? signal)}.`,
      { hint: "What went wrong is printed above." },
    );
  }
  return measuredSchema.parse(JSON.parse(output));
}

/** Measures, and notes the moment and the machine around it. */
async function surrounded<T>(
  work: () => Promise<T>,
): Promise<{ readonly surroundings: Surroundings; readonly measured: T }> {
  const date = new Date(systemClock.now()).toISOString();
  const [loadBefore = 0] = loadavg();
  const measured = await work();
  const [loadAfter = 0] = loadavg();
  const processors = cpus();
  const surroundings = {
    date,
    node: process.versions.node,
    cpu: processors[0]?.model ?? "unknown processor",
    cores: processors.length,
    loadBefore,
    loadAfter,
  };
  return { surroundings, measured };
}

async function compare(entry: BenchmarkEntry, options: Arguments): Promise<Report> {
  if (options.quick) throw usageError(`"${entry.name}" has no quick form.`, "Use --rounds 1.");
  const { surroundings, measured } = await surrounded(async () => ({
    time: await measure(entry, "time", options),
    bytes: await measure(entry, "bytes", options),
  }));
  const { time, bytes } = measured;
  if (time.mode !== "time" || bytes.mode !== "bytes") throw new Error("The modes are mixed up.");
  return {
    benchmark: entry.name,
    ...surroundings,
    rounds: options.rounds,
    callsInFlight,
    rows: reportRows(time.timings, bytes.bytes),
    notes: time.notes,
  };
}

async function survey(entry: BenchmarkEntry, options: Arguments): Promise<SurveyReport> {
  const { surroundings, measured } = await surrounded(() => measure(entry, "survey", options));
  if (measured.mode !== "survey") throw new Error("The modes are mixed up.");
  const { rounds, quick } = options;
  return { benchmark: entry.name, ...surroundings, rounds, quick, ...measured.findings };
}

async function run(entry: BenchmarkEntry, options: Arguments): Promise<string> {
  if (entry.kind === "survey") {
    const report = await survey(entry, options);
    return options.json ? `${JSON.stringify(report, null, 2)}\n` : surveyText(report);
  }
  const report = await compare(entry, options);
  return options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report);
}

async function main(words: readonly string[]): Promise<number> {
  try {
    const options = readArguments(words);
    const { name, json } = options;
    if (name === undefined) {
      const list = benchmarks.map((entry) => ({ name: entry.name, summary: entry.summary }));
      const lines = list.map((entry) => `  ${entry.name.padEnd(12)}${entry.summary}\n`).join("");
      process.stdout.write(json ? `${JSON.stringify(list, null, 2)}\n` : `${usage}\n\n${lines}`);
      return exitCodes.ok;
    }
    process.stdout.write(await run(find(name), options));
    return exitCodes.ok;
  } catch (thrown) {
    const error = toAgent33Error(thrown);
    process.stderr.write(`${error.code}: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`${error.hint}\n`);
    return exitCodeOfError(error);
  }
}

process.exitCode = await main(process.argv.slice(2));
