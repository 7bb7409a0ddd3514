import { validateStrict } from "ctrf";
import { describe, expect, test } from "vitest";
import { strictReport } from "./import-report.ts";
import { importJunit } from "./junit-import.ts";

describe("a JUnit report", () => {
  const report = importJunit(
    `<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" timestamp="2026-01-02T03:04:05Z" tests="5">
  <testcase classname="tests.test_a" name="good &amp; &lt;b&gt;" time="1,000.5" file="a.py" line="3"/>
  <testcase classname="tests.test_a" name="bad" time="0.25"><failure message="1 != 2" type="AssertionError"><![CDATA[trace <here>]]></failure></testcase>
  <testcase classname="tests.test_a" name="broken"><error>it broke
more</error></testcase>
  <testcase classname="tests.test_a" name="left out" time="0"><skipped message="why"/></testcase>
  <testsuite name="inner"><testcase name="again" time="1"><flakyFailure message="once"/></testcase></testsuite>
</testsuite></testsuites>`,
    "junit.xml",
  );

  test("is read with what ended each case", () => {
    expect(report.tests).toEqual([
      {
        name: "good & <b>",
        status: "passed",
        durationMs: 1_000_500,
        suite: ["pytest", "tests.test_a"],
        file: "a.py",
        line: 3,
      },
      {
        name: "bad",
        status: "failed",
        durationMs: 250,
        suite: ["pytest", "tests.test_a"],
        message: "1 != 2",
        trace: "trace <here>",
      },
      {
        name: "broken",
        status: "failed",
        durationMs: 0,
        suite: ["pytest", "tests.test_a"],
        message: "it broke",
        trace: "it broke\nmore",
        rawStatus: "error",
      },
      {
        name: "left out",
        status: "skipped",
        durationMs: 0,
        suite: ["pytest", "tests.test_a"],
        message: "why",
      },
      {
        name: "again",
        status: "passed",
        durationMs: 1_000,
        suite: ["pytest", "inner"],
        retried: [{ message: "once" }],
      },
    ]);
    expect(report.start).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(report.notices).toEqual(["a test case has no time; it is given as 0"]);
  });

  test("becomes a report that holds to the schema of CTRF", () => {
    expect(() => validateStrict(strictReport(report))).not.toThrow();
  });

  test.each([
    ["nothing", ""],
    ["words", "hello"],
    ["another root", "<html><body/></html>"],
    ["an element that is not closed", "<testsuite><testcase name='a'></testsuite>"],
    ["an end that is missing", "<testsuite><testcase name='a'/>"],
    ["two roots", "<testsuite/><testsuite/>"],
    ["a nest without an end", "<testsuite>".repeat(200)],
  ])("of %s is refused", (_name, xml) => {
    expect(() => importJunit(xml, "x.xml")).toThrow(
      expect.objectContaining({ code: "evaluation.import_malformed" }),
    );
  });

  test("defines no entities: neither files nor bombs come in by them", () => {
    const bomb = `<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="x" time="1"><failure>&b;&f;</failure></testcase></testsuite>`;
    expect(importJunit(bomb, "x").tests[0]).toMatchObject({ trace: "&b;&f;" });
  });
});
