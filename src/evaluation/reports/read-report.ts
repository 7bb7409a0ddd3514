import { existsSync, readFileSync } from "node:fs";
import { messageOf } from "../../base/errors.ts";
import { importReport } from "./import-report.ts";
import type { ImportedReport } from "./imported.ts";

/** A report of tests that a command was to write; none where it is missing or none, with why. */
export interface ReadReport {
  readonly report?: ImportedReport;
  readonly problems: readonly string[];
}

/**
 * Reads the CTRF or JUnit report that a command was to write.
 * @param path absolute
 * @param shown how it is called in what is said of it
 */
export function readReport(path: string, shown: string): ReadReport {
  if (!existsSync(path)) return { problems: [`it wrote no report ${shown}`] };
  try {
    const imported = importReport(readFileSync(path, "utf8"), shown);
    if (imported.kind !== "atif") return { report: imported.report, problems: [] };
    return { problems: [`${shown} is a trajectory and no report of tests`] };
  } catch (error) {
    return { problems: [messageOf(error)] };
  }
}
