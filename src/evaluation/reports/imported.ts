import type { CtrfReport } from "../../base/ctrf.ts";
import { Agent33Error } from "../../base/errors.ts";

/** A report that another program wrote, as one of ours. */
export interface ImportedReport extends CtrfReport {
  /** What was not as its format asks for, and what was made of it. */
  readonly notices: readonly string[];
}

/** A file that is none of the formats that are read, or breaks its own. */
export function importMalformed(path: string, what: string, cause?: unknown): Agent33Error {
  return new Agent33Error("evaluation.import_malformed", `${path} cannot be read: ${what}.`, {
    hint: "Give a CTRF report (JSON), a JUnit report (XML) or an ATIF trajectory (JSON).",
    cause,
  });
}

/** Notices that name a fact once, with how often it was met. */
export function noticeCounts() {
  const counts = new Map<string, number>();
  return {
    note: (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1),
    notices: () =>
      [...counts].map(([what, times]) => (times === 1 ? what : `${what} (${times} times)`)),
  };
}
