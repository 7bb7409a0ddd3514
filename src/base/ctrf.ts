import type { JsonObject } from "./json.ts";

/** One test as it ended. */
export interface CtrfTest {
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  readonly durationMs: number;
  readonly file?: string;
  readonly line?: number;
  /** Why it did not pass. */
  readonly message?: string;
}

/**
 * Test results in the Common Test Report Format, which test dashboards read (https://ctrf.io).
 * @param when milliseconds since the Unix epoch
 */
export function ctrfReport(
  tool: { readonly name: string; readonly version: string },
  tests: readonly CtrfTest[],
  when: { readonly start: number; readonly stop: number },
): JsonObject {
  const count = (status: CtrfTest["status"]): number =>
    tests.filter((test) => test.status === status).length;
  return {
    reportFormat: "CTRF",
    specVersion: "0.0.0",
    results: {
      tool: { ...tool },
      summary: {
        tests: tests.length,
        passed: count("passed"),
        failed: count("failed"),
        pending: 0,
        skipped: count("skipped"),
        other: 0,
        start: when.start,
        stop: when.stop,
      },
      tests: tests.map(({ name, status, durationMs, file, line, message }) => ({
        name,
        status,
        duration: durationMs,
        ...(file === undefined ? {} : { filePath: file }),
        ...(line === undefined ? {} : { line }),
        ...(message === undefined ? {} : { message }),
      })),
    },
  };
}
