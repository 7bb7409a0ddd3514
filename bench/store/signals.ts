import { severities } from "../../src/learning/severity.ts";
import { signalTypes, type NewSignal } from "../../src/learning/signal.ts";
import { hourMs } from "../../src/learning/summary.ts";

/** The default of the configuration: each signal is looked up among those of the last day. */
export const recordOptions = { dedupeWindowMs: 24 * hourMs } as const;

const classes = signalTypes.flatMap((type) => severities.map((severity) => ({ type, severity })));
const sources = ["ledger", "mailer", "search", "gateway", "planner"].flatMap((part) => [
  `worker/${part}`,
  `run/${part}`,
]);
const details =
  "The step was tried three times and gave up. The queue behind it had grown to several hundred " +
  "entries by then, and the two calls before it had been slower than usual.";

/**
 * One of a row of signals, about 600 bytes each, over 24 classes (type and severity) and ten
 * sources. No two are repeats of each other. Time and key are left out.
 */
export function signalAt(index: number): NewSignal {
  const { type, severity } = at(classes, index);
  const word = wordOf(index);
  return {
    type,
    severity,
    summary: `Settling the order ${word} failed after the last attempt and was put back`,
    details,
    source: at(sources, Math.floor(index / classes.length)),
    context: { order: word, region: "north", release: "autumn" },
  };
}

/** A word of its own for each number, since summaries that differ in digits only are repeats. */
function wordOf(index: number): string {
  const letters = index.toString(26);
  return Array.from(letters, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join(
    "",
  );
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new RangeError("The list is empty.");
  return item;
}
