import { readFileSync } from "node:fs";
import { z } from "zod";

/** Prints how many tests passed and failed, from vitest's JSON report. No test at all is an error. */
const [file = ""] = process.argv.slice(2);
const report = z
  .object({
    numPassedTests: z.int(),
    numFailedTests: z.int(),
    numPendingTests: z.int(),
    numTotalTests: z.int(),
  })
  .parse(JSON.parse(readFileSync(file, "utf8")));
if (report.numTotalTests === 0) throw new Error("The report holds no tests.");
// In the gate nothing may be skipped: a check that did not run is not a check that passed.
process.stdout.write(
  `${report.numPassedTests} ${report.numFailedTests + report.numPendingTests}\n`,
);
