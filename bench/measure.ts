import { benchmarks } from "./benchmark.ts";
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

const prepared = await (await entry.load()).prepare();
const progress = (line: string): void => {
  // On a terminal one line that changes, in a log nothing.
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
};
try {
  const measured: Measured =
    mode === "bytes"
      ? { mode, bytes: await measureBytes(prepared.candidates, progress) }
      : {
          mode: "time",
          notes: [...prepared.notes],
          timings: await measureTime(prepared.candidates, Number(rounds), progress),
        };
  if (process.stderr.isTTY) process.stderr.write("\r\u001B[K");
  process.stdout.write(JSON.stringify(measured));
} finally {
  prepared.close();
}
