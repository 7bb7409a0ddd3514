import { join } from "node:path";
import { type JsonValue, toJsonValue } from "../../base/json.ts";
import { canonicalJson } from "../../base/json.ts";
import { atPointer } from "../../base/json-pointer.ts";
import { endProblems } from "../commands/declared.ts";
import type { CommandResult } from "../commands/run-command.ts";
import { readReport } from "../reports/read-report.ts";
import { expressionOf, type Look, type Probe } from "./surface-form.ts";

/** How what a probe did differs from what must be seen. */
export interface ProbeFindings {
  /** It did not end by itself, or with another code. */
  readonly end: readonly string[];
  /** Nothing can be said of what it printed or left: there is none, or it cannot be read. */
  readonly unreadable: readonly string[];
  /** It was read, and is not as expected. */
  readonly missed: readonly string[];
}

/** Holds what a probe printed and left against what must be seen. */
export function judgeProbe(probe: Probe, result: CommandResult, folder: string): ProbeFindings {
  const { exit, output, report } = probe.expect;
  const end = endProblems(result.end, `${probe.timeout_seconds} s`, exit).map((problem) =>
    exit === 0 ? problem : `${problem}, not with ${exit}`,
  );
  const looks = output === undefined ? nothing : looksAt(output, result.stdout);
  const left = report === undefined ? nothing : reportProblems(join(folder, report), report);
  return {
    end,
    unreadable: [...looks.unreadable, ...left.unreadable],
    missed: [...looks.missed, ...left.missed],
  };
}

type Looked = Pick<ProbeFindings, "unreadable" | "missed">;
const nothing: Looked = { unreadable: [], missed: [] };

function looksAt(looks: readonly Look[], stdout: string): Looked {
  const value = jsonIn(stdout);
  if (value === undefined) {
    return { unreadable: ["it printed no JSON on standard output"], missed: [] };
  }
  return { unreadable: [], missed: looks.flatMap((look) => lookProblem(look, value)) };
}

/** The JSON of a text, or of its last line: many commands print an object a line. */
function jsonIn(text: string): JsonValue | undefined {
  return parsed(text) ?? parsed(text.trimEnd().split("\n").at(-1) ?? "");
}

function parsed(text: string): JsonValue | undefined {
  try {
    return toJsonValue(JSON.parse(text));
  } catch {
    // What is no JSON is said by whoever asked.
    return undefined;
  }
}

function lookProblem(look: Look, value: JsonValue): readonly string[] {
  const place = look.at === "" ? "what it printed" : look.at;
  const seen = atPointer(value, look.at);
  if (seen === undefined) return [`${place} is missing; ${asked(look)}`];
  return isAs(look, seen) ? [] : [`${place} is ${shown(seen)}; ${asked(look)}`];
}

function isAs({ equals, at_least, at_most, matches }: Look, seen: JsonValue): boolean {
  if (equals !== undefined) return canonicalJson(seen) === canonicalJson(equals);
  if (at_least !== undefined) return typeof seen === "number" && seen >= at_least;
  if (at_most !== undefined) return typeof seen === "number" && seen <= at_most;
  if (matches === undefined || typeof seen !== "string") return false;
  return expressionOf(matches)?.test(seen) === true;
}

function asked({ equals, at_least, at_most, matches }: Look): string {
  if (at_least !== undefined) return `at least ${at_least} is asked for`;
  if (at_most !== undefined) return `at most ${at_most} is asked for`;
  return matches === undefined
    ? `${shown(equals ?? null)} is asked for`
    : `a text that fits ${matches} is asked for`;
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** A report must hold to its format, have tests, and all of them passed. */
function reportProblems(path: string, name: string): Looked {
  const { report, problems } = readReport(path, name);
  if (report === undefined) return { unreadable: problems, missed: [] };
  const { tests, notices } = report;
  const bad = tests.filter(({ status }) => status !== "passed").length;
  return {
    unreadable: notices.map((notice) => `${name} does not hold to its format: ${notice}`),
    missed: [
      ...(tests.length === 0 ? [`${name} has no tests`] : []),
      ...(bad === 0 ? [] : [`${bad} of ${tests.length} tests in ${name} did not pass`]),
    ],
  };
}
