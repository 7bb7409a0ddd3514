import { Parser } from "htmlparser2";
import type { CtrfTest } from "../../base/ctrf.ts";
import { importMalformed, type ImportedReport, noticeCounts } from "./imported.ts";

/** Suites are nested a few deep; what is nested deeper is no report. */
const deepest = 100;

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** What came of a test case so far. */
interface OpenCase {
  readonly attributes: Readonly<Record<string, string>>;
  end: OpenElement | undefined;
  readonly failedBefore: string[];
}

const suiteNames = new Set(["testsuites", "testsuite"]);
/** What ended a case; what is found first counts, and a failure more than a skip. */
const endNames = new Set(["failure", "error", "skipped"]);
/** What Maven Surefire writes for runs before the last. */
const retryNames = new Set(["flakyFailure", "flakyError", "rerunFailure", "rerunError"]);

/**
 * Reads a JUnit report. Entities that the document itself defines are not looked at.
 * @param path for messages
 * @throws Agent33Error `evaluation.import_malformed`
 */
export function importJunit(xml: string, path: string): ImportedReport {
  const { note, notices } = noticeCounts();
  const open: OpenElement[] = [];
  const tests: CtrfTest[] = [];
  const starts: number[] = [];
  let current: OpenCase | undefined;
  let roots = 0;
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        if (open.length === 0) {
          roots += 1;
          if (!suiteNames.has(name)) throw importMalformed(path, `its root is <${name}>`);
        }
        if (open.length >= deepest) throw importMalformed(path, "it is nested too deep");
        open.push({ name, attributes, text: "" });
        if (name === "testcase") current = { attributes, end: undefined, failedBefore: [] };
        const at = Date.parse(attributes["timestamp"] ?? "");
        if (name === "testsuite" && !Number.isNaN(at)) starts.push(at);
      },
      ontext: (text) => {
        const element = open.at(-1);
        if (element !== undefined) element.text += text;
      },
      onclosetag: (name, implied) => {
        const element = open.at(-1);
        // What closes itself is closed by implication, too.
        const itself = xml.slice(parser.startIndex, parser.endIndex + 1).endsWith("/>");
        if ((implied && !itself) || element?.name !== name) {
          throw importMalformed(path, `<${element?.name ?? name}> is not closed`);
        }
        open.pop();
        if (current === undefined) return;
        if (endNames.has(name) && (current.end === undefined || current.end.name === "skipped")) {
          current.end = element;
        }
        if (retryNames.has(name)) current.failedBefore.push(wordsOf(element));
        if (name !== "testcase") return;
        const suites = open.flatMap(({ attributes }) => attributes["name"] ?? []);
        tests.push(testOf(current, suites, note));
        current = undefined;
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(xml);
  if (roots === 0) throw importMalformed(path, "it has no XML element");
  if (roots > 1) throw importMalformed(path, "it has several roots");
  const start = starts.length === 0 ? 0 : Math.min(...starts);
  const took = tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return {
    tool: { name: "junit", version: "" },
    tests,
    start,
    stop: Math.round(start + took),
    notices: notices(),
  };
}

function testOf(
  { attributes, end, failedBefore }: OpenCase,
  suites: readonly string[],
  note: (what: string) => void,
): CtrfTest {
  const { name = "", classname = "", time, file, line } = attributes;
  if (name === "") note("a test case has no name");
  const failed = end !== undefined && end.name !== "skipped";
  const suite = [...suites, ...(classname === "" || suites.includes(classname) ? [] : [classname])];
  const at = Number(line ?? Number.NaN);
  return {
    name: name === "" ? "unnamed" : name,
    status: failed ? "failed" : end === undefined ? "passed" : "skipped",
    durationMs: secondsOf(time, note) * 1_000,
    ...(suite.length === 0 ? {} : { suite }),
    ...(file === undefined ? {} : { file }),
    ...(Number.isSafeInteger(at) ? { line: at } : {}),
    ...(end === undefined ? {} : messageAndTrace(end)),
    ...(end?.name === "error" ? { rawStatus: "error" } : {}),
    ...(failedBefore.length === 0 ? {} : { retried: failedBefore.map((message) => ({ message })) }),
  };
}

function wordsOf({ attributes, text }: OpenElement): string {
  return attributes["message"] ?? attributes["type"] ?? (text.trim().split("\n")[0] || "failed");
}

function messageAndTrace(end: OpenElement): { readonly message: string; readonly trace?: string } {
  const trace = end.text.trim();
  return { message: wordsOf(end), ...(trace === "" ? {} : { trace }) };
}

/** Some writers group the digits. */
function secondsOf(time: string | undefined, note: (what: string) => void): number {
  if (time === undefined) {
    note("a test case has no time; it is given as 0");
    return 0;
  }
  const seconds = Number(time.replaceAll(",", ""));
  if (time.trim() !== "" && Number.isFinite(seconds) && seconds >= 0) return seconds;
  note(`time ${JSON.stringify(time)} is no number of seconds; it is given as 0`);
  return 0;
}
