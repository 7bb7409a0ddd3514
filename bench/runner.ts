import { toAgent33Error } from "../src/base/errors.ts";
import { benchmarks } from "./benchmark.ts";
import { prepareRounds } from "./harness.ts";

/**
 * One candidate in a process of its own, started by `race.ts`. Arguments: the benchmark's name and
 * the candidate's place. Says when it is ready, then measures a round whenever it is asked to.
 */
const [name, place] = process.argv.slice(2);
const entry = benchmarks.find((benchmark) => benchmark.name === name);
if (entry?.kind !== "comparison" || process.send === undefined) {
  throw new Error("Start this through main.ts.");
}
const tell = process.send.bind(process);

try {
  const { candidates } = await entry.load();
  const contestant = await candidates[Number(place)]?.build();
  if (contestant === undefined) throw new Error(`There is no candidate ${String(place)}.`);
  const round = await prepareRounds(contestant);
  process.on("message", () => {
    void round().then(tell);
  });
  process.on("disconnect", () => {
    contestant.close?.();
    process.exit();
  });
  tell("ready");
} catch (thrown) {
  const { code, message } = toAgent33Error(thrown);
  process.stderr.write(`${code}: ${message}\n`);
  process.exit(1);
}
