import type { JsonObject } from "./json.ts";

/** How a test or a part of it ended. What is neither a pass nor a failure is `other`. */
export const ctrfStatuses = ["passed", "failed", "skipped", "pending", "other"] as const;
export type CtrfStatus = (typeof ctrfStatuses)[number];

/** One test as it ended. */
export interface CtrfTest {
  readonly name: string;
  readonly status: CtrfStatus;
  readonly durationMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly start?: number;
  readonly stop?: number;
  /** From the outermost group to the innermost. */
  readonly suite?: readonly string[];
  readonly file?: string;
  readonly line?: number;
  /** Why it did not pass. */
  readonly message?: string;
  readonly trace?: string;
  /** What else its runner calls its end. */
  readonly rawStatus?: string;
  readonly type?: string;
  readonly tags?: readonly string[];
  readonly labels?: Readonly<Record<string, string | number | boolean>>;
  readonly parameters?: JsonObject;
  /** Runs of it that failed before the one that counts. */
  readonly retried?: readonly { readonly message: string }[];
  /** How many these are, where no more is known of them. */
  readonly retries?: number;
  readonly steps?: readonly CtrfStep[];
  readonly attachments?: readonly CtrfAttachment[];
  readonly extra?: JsonObject;
}

/** One part of a test. */
export interface CtrfStep {
  readonly name: string;
  readonly status: CtrfStatus;
  readonly extra?: JsonObject;
}

/** A file that belongs to a test. */
export interface CtrfAttachment {
  readonly name: string;
  readonly contentType: string;
  readonly path: string;
}

/** What of the whole report is known. */
export interface CtrfReport {
  readonly tool: { readonly name: string; readonly version: string };
  readonly tests: readonly CtrfTest[];
  /** Milliseconds since the Unix epoch. */
  readonly start: number;
  readonly stop: number;
  readonly extra?: JsonObject;
}

/** Test results in the Common Test Report Format, which test dashboards read (https://ctrf.io). */
export function ctrfReport({ tool, tests, start, stop, extra }: CtrfReport): JsonObject {
  const count = (status: CtrfStatus): number =>
    tests.filter((test) => test.status === status).length;
  const suites = new Set(
    tests.flatMap(({ suite }) => (suite === undefined ? [] : [suite.join("\n")])),
  );
  return {
    reportFormat: "CTRF",
    specVersion: "0.0.0",
    results: {
      tool: { ...tool },
      summary: {
        tests: tests.length,
        passed: count("passed"),
        failed: count("failed"),
        pending: count("pending"),
        skipped: count("skipped"),
        other: count("other"),
        ...(suites.size === 0 ? {} : { suites: suites.size }),
        start: Math.round(start),
        stop: Math.round(stop),
      },
      tests: tests.map(ctrfTest),
      ...(extra === undefined ? {} : { extra }),
    },
  };
}

function ctrfTest(test: CtrfTest): JsonObject {
  const { name, status, durationMs, start, stop, suite, file, line, ...rest } = test;
  const { tags, steps, attachments, retried: _listed, retries: _counted, ...others } = rest;
  return {
    name,
    status,
    duration: Math.round(durationMs),
    ...(start === undefined ? {} : { start: Math.round(start) }),
    ...(stop === undefined ? {} : { stop: Math.round(stop) }),
    ...(suite === undefined || suite.length === 0 ? {} : { suite: [...suite] }),
    ...(file === undefined ? {} : { filePath: file }),
    ...(line === undefined ? {} : { line }),
    ...others,
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(steps === undefined ? {} : { steps: steps.map((step) => ({ ...step })) }),
    ...(attachments === undefined ? {} : { attachments: attachments.map((one) => ({ ...one })) }),
    ...retriesOf(test),
  };
}

/** Only the runs before the last are listed: the last is the test itself. */
function retriesOf({ status, retried = [], retries = retried.length }: CtrfTest): JsonObject {
  if (retries === 0) return {};
  const attempts = retried.map(({ message }, index) => ({
    attempt: index + 1,
    status: "failed",
    message,
  }));
  return {
    retries,
    ...(attempts.length === 0 ? {} : { retryAttempts: attempts }),
    ...(status === "passed" ? { flaky: true } : {}),
  };
}
