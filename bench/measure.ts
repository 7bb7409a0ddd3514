import { messageOf, toAgent33Error } from "../src/base/errors.ts";
import { benchmarks, type Prepared } from "./benchmark.ts";
import { measureBytes, measureTime } from "./harness.ts";
import type { Measured } from "./results.ts";

/**
 * One measuring process, started by `main.ts` with the flags that its mode needs. Arguments: the
 * benchmark's name, the mode, the number of rounds. Prints one JSON document; progress goes to
 * standard error.
 */
const [name, mode, rounds] = process.argv.slice(2);
const entry = benchmarks.find((benchmark) => benchmark.name === name);
if (entry === undefined) throw new Error("Start this through main.ts.");

const progress = (line: string): void => {
  // On a terminal one line that changes, in a log nothing.
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
};

async function measure({ candidates, notes }: Prepared): Promise<Measured> {
  if (mode === "bytes") return { mode, bytes: await measureBytes(candidates, progress) };
  const timings = await measureTime(candidates, Number(rounds), progress);
  return { mode: "time", notes: [...notes], timings };
}

try {
  const benchmark = await entry.load();
  progress("checking that each candidate does what it is compared for");
  const prepared = await benchmark.prepare();
  try {
    process.stdout.write(JSON.stringify(await measure(prepared)));
  } finally {
    prepared.close();
  }
  progress("");
} catch (thrown) {
  progress("");
  const error = toAgent33Error(thrown);
  const cause = error.cause === undefined ? "" : ` (${messageOf(error.cause)})`;
  process.stderr.write(`${error.code}: ${error.message}${cause}\n${error.hint ?? ""}\n`);
  process.exitCode = 1;
}
