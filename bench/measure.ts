import { messageOf, toAgent33Error } from "../src/base/errors.ts";
import { benchmarks, type Comparison, type Survey } from "./benchmark.ts";
import { measureBytes } from "./harness.ts";
import { race } from "./race.ts";
import type { Measured } from "./results.ts";

/**
 * One measuring process, started by `main.ts` with the flags that its mode needs. Arguments: the
 * benchmark's name, the mode, the number of rounds, `quick` or `full`. Prints one JSON document;
 * progress goes to standard error.
 */
const [name, mode, rounds, size] = process.argv.slice(2);
const entry = benchmarks.find((benchmark) => benchmark.name === name);
if (entry === undefined) throw new Error("Start this through main.ts.");

process.on("disconnect", () => process.exit(1));
// Done is done: the channel alone keeps nothing going.
process.channel?.unref();

const progress = (line: string): void => {
  // On a terminal one line that changes, in a log nothing.
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
};

async function compare(entry: string, comparison: Comparison): Promise<Measured> {
  const { candidates } = comparison;
  if (mode === "bytes") return { mode, bytes: await measureBytes(candidates, progress) };
  progress("checking that the candidates are alike");
  const notes = [...comparison.notes()];
  return { mode: "time", notes, timings: await race(entry, candidates, Number(rounds), progress) };
}

async function survey(survey: Survey): Promise<Measured> {
  const options = { rounds: Number(rounds), quick: size === "quick", progress };
  return { mode: "survey", findings: await survey.run(options) };
}

try {
  const measured =
    entry.kind === "survey"
      ? await survey(await entry.load())
      : await compare(entry.name, await entry.load());
  process.stdout.write(JSON.stringify(measured));
  progress("");
} catch (thrown) {
  progress("");
  const error = toAgent33Error(thrown);
  const cause = error.cause === undefined ? "" : ` (${messageOf(error.cause)})`;
  process.stderr.write(`${error.code}: ${error.message}${cause}\n${error.hint ?? ""}\n`);
  process.exitCode = 1;
}
