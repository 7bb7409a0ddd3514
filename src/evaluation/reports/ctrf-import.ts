import { isGiven } from "../../base/given.ts";
import { z } from "zod";
import { type CtrfStatus, ctrfStatuses, type CtrfTest } from "../../base/ctrf.ts";
import { importMalformed, type ImportedReport, noticeCounts } from "./imported.ts";

const number = z.number().nonnegative();
const text = z.string();
const testSchema = z.looseObject({
  name: text.min(1),
  status: text,
  duration: number.nullish(),
  start: number.nullish(),
  stop: number.nullish(),
  suite: z.union([text, z.array(text)]).nullish(),
  message: text.nullish(),
  trace: text.nullish(),
  line: z.int().nullish(),
  rawStatus: text.nullish(),
  raw_status: text.nullish(),
  type: text.nullish(),
  filePath: text.nullish(),
  file_path: text.nullish(),
  retries: z.int().nonnegative().nullish(),
  tags: z.array(text).nullish(),
});
const schema = z.looseObject({
  reportFormat: text.nullish(),
  specVersion: text.nullish(),
  results: z.looseObject({
    tool: z.looseObject({ name: text.nullish(), version: text.nullish() }).nullish(),
    summary: z
      .looseObject({ tests: z.number().nullish(), start: number.nullish(), stop: number.nullish() })
      .nullish(),
    tests: z.array(testSchema),
  }),
});
type LooseTest = z.infer<typeof testSchema>;

/** Words for the five ends that other programs write instead. */
const otherWords: Readonly<Record<string, CtrfStatus>> = {
  pass: "passed",
  ok: "passed",
  success: "passed",
  fail: "failed",
  failure: "failed",
  error: "failed",
  broken: "failed",
  skip: "skipped",
  ignored: "skipped",
  todo: "pending",
  xfailed: "other",
  xpassed: "other",
};

/**
 * Reads a CTRF report that need not be a good one: `pytest-json-ctrf` writes seconds for
 * milliseconds, `file_path` for `filePath` and neither format nor version. What was mended is said.
 * @param path for messages
 * @throws Agent33Error `evaluation.import_malformed` where there are no tests to be read
 */
export function importCtrf(value: unknown, path: string): ImportedReport {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join(".");
    throw importMalformed(path, `it is no CTRF report (${where}: ${issue?.message})`, parsed.error);
  }
  const { reportFormat, specVersion, results } = parsed.data;
  const { note, notices } = noticeCounts();
  if (reportFormat !== "CTRF") note('reportFormat is not "CTRF"');
  if (!isGiven(specVersion)) note("specVersion is missing");
  const scale = inSeconds(results) ? 1_000 : 1;
  if (scale !== 1) note("times are in seconds; they were taken as such");
  const tests = results.tests.map((test) => testOf(test, scale, note));
  if (isGiven(results.summary?.tests) && results.summary.tests !== tests.length) {
    note(`the summary says ${results.summary.tests} tests, the report has ${tests.length}`);
  }
  const start = (results.summary?.start ?? least(results.tests.map((test) => test.start))) * scale;
  const stop = Math.max(start, (results.summary?.stop ?? 0) * scale);
  return {
    tool: { name: results.tool?.name ?? "unknown", version: results.tool?.version ?? "" },
    tests,
    start: Math.round(start),
    stop: Math.round(stop),
    notices: notices(),
  };
}

/** No report of milliseconds was written before 1973; one without times of day tells by fractions. */
const earliestMs = 1e11;

function inSeconds({ summary, tests }: z.infer<typeof schema>["results"]): boolean {
  const moments = [summary?.start, summary?.stop, ...tests.map(({ start }) => start)].filter(
    (moment) => isGiven(moment) && moment > 0,
  );
  if (moments.length > 0) return moments.every((moment) => (moment ?? 0) < earliestMs);
  return tests.some(({ duration }) => isGiven(duration) && !Number.isInteger(duration));
}

const least = (values: readonly (number | null | undefined)[]): number =>
  values.reduce<number>((a, b) => (!isGiven(b) || (a !== 0 && a < b) ? a : b), 0);

function testOf(test: LooseTest, scale: number, note: (what: string) => void): CtrfTest {
  const { name, message, trace, line, type, tags, suite } = test;
  const { status, rawStatus } = statusOf(test, note);
  if (isGiven(test.file_path) && !isGiven(test.filePath)) note("file_path was read as filePath");
  if (!isGiven(test.duration)) note("a test has no duration; it is given as 0");
  if (typeof suite === "string") note("a suite is a text; it is given as a list of one");
  const file = test.filePath ?? test.file_path;
  const raw = test.rawStatus ?? test.raw_status ?? rawStatus;
  const times = {
    durationMs: (test.duration ?? 0) * scale,
    ...(!isGiven(test.start) ? {} : { start: Math.round(test.start * scale) }),
    ...(!isGiven(test.stop) ? {} : { stop: Math.round(test.stop * scale) }),
  };
  return {
    name,
    status,
    ...times,
    ...(!isGiven(suite) ? {} : { suite: typeof suite === "string" ? [suite] : suite }),
    ...(!isGiven(file) ? {} : { file }),
    ...(!isGiven(line) ? {} : { line }),
    ...(!isGiven(message) ? {} : { message }),
    ...(!isGiven(trace) ? {} : { trace }),
    ...(!isGiven(raw) ? {} : { rawStatus: raw }),
    ...(!isGiven(type) ? {} : { type }),
    ...(!isGiven(tags) ? {} : { tags }),
    ...(!isGiven(test.retries) || test.retries === 0 ? {} : { retries: test.retries }),
  };
}

function statusOf(
  { status }: LooseTest,
  note: (what: string) => void,
): { readonly status: CtrfStatus; readonly rawStatus?: string } {
  const known = ctrfStatuses.find((one) => one === status);
  if (known !== undefined) return { status: known };
  const meant = Object.hasOwn(otherWords, status.toLowerCase())
    ? otherWords[status.toLowerCase()]
    : undefined;
  note(`status ${JSON.stringify(status)} was read as ${meant ?? "other"}`);
  return { status: meant ?? "other", rawStatus: status };
}
