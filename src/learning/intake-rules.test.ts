import { expect, test } from "vitest";
import { automaticIntakeRule, intakeFromSignal } from "./intake-rules.ts";
import type { Severity } from "./severity.ts";

const signal = (severity: Severity, score: number) =>
  ({
    type: "bug",
    severity,
    summary: " It broke ",
    details: "In the parser",
    source: "ci",
    quality: { score, label: "medium", reasons: [] },
  }) as const;

test("an intake says what its signal says", () => {
  expect(intakeFromSignal(signal("high", 0.6))).toEqual({
    title: "It broke",
    summary: "In the parser",
    source: "ci",
    category: "learning:bug",
    urgency: "high",
    impactAreas: ["quality:medium"],
    priority: 9,
  });
});

test.each([
  ["low", 0, 3],
  ["low", 1, 5],
  ["medium", 0.25, 5],
  ["medium", 0.251, 6],
  ["medium", 0.749, 6],
  ["medium", 0.75, 7],
  ["high", 0.2, 8],
  ["high", 0.9, 10],
  ["critical", 0, 10],
  ["critical", 1, 10],
] as const)("severity %s and quality %d make priority %d", (severity, score, priority) => {
  expect(intakeFromSignal(signal(severity, score)).priority).toBe(priority);
});

test("only what is high or worse is urgent", () => {
  const urgency = (["low", "medium", "high", "critical"] as const).map(
    (severity) => intakeFromSignal(signal(severity, 0.5)).urgency,
  );
  expect(urgency).toEqual(["medium", "medium", "high", "high"]);
});

test("a signal without details gives its summary, and a long summary is cut in the title only", () => {
  const summary = "\u{1f600}".repeat(121);
  const intake = intakeFromSignal({ ...signal("high", 0.5), details: " ", summary });
  expect(intake.summary).toBe(summary);
  expect(intake.title).toBe(`${"\u{1f600}".repeat(119)}…`);
});

test("intakes are made by themselves of high severity and medium quality or better", () => {
  expect(automaticIntakeRule).toEqual({ minSeverity: "high", minScore: 0.45 });
});
