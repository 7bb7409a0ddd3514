import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureClasses, failureClassOf, listedCodes } from "./failure-class.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/errors.md"), "utf8");
const codes = [...page.matchAll(/^\| `([a-z]+\.[a-z_0-9]+)`/gm)].map(([, code = ""]) => code);

/** Those that say themselves that nobody knows. */
const unknown = [
  "internal.unexpected",
  "internal.unreachable",
  "boundary.outcome_unknown",
  "boundary.internal",
  "durable.outcome_unhandled",
  "store.bad_event",
  "store.outcome_unknown",
];

test("every code of the reference has a class, and only those that say so are unknown", () => {
  expect(codes.length).toBeGreaterThan(250);
  const classless = codes.filter((code) => failureClassOf(code) === "F-UNK");
  expect(classless.toSorted()).toEqual(unknown.toSorted());
});

test("no code is listed that is none, and none in two classes", () => {
  expect(listedCodes.filter((code) => !codes.includes(code))).toEqual([]);
  expect(new Set(listedCodes).size).toBe(listedCodes.length);
});

test("every class has codes", () => {
  const used = new Set(codes.map(failureClassOf));
  expect([...used].toSorted()).toEqual(Object.keys(failureClasses).toSorted());
});

test("a code of somebody else is unknown", () => {
  expect(failureClassOf("ECONNRESET")).toBe("F-UNK");
  expect(failureClassOf("theirs.bad_thing")).toBe("F-UNK");
});

test.each([
  ["boundary.policy_denied", "F-SEC"],
  ["boundary.timeout", "F-TMO"],
  ["boundary.upstream_5xx", "F-DEP"],
  ["boundary.budget_exceeded", "F-RES"],
  ["boundary.approval_denied", "F-REV"],
  ["boundary.tool_error", "F-EXE"],
  ["boundary.invalid_response", "F-VAL"],
  ["config.invalid_value", "F-INP"],
  ["store.full", "F-RES"],
  ["store.corrupt", "F-ENV"],
  ["evaluation.verifier_timeout", "F-TMO"],
])("%s is %s", (code, failureClass) => {
  expect(failureClassOf(code)).toBe(failureClass);
});
