import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { qualityOf, type Scored, scoreOf, thousandthsOf } from "./quality.ts";
import { severities } from "./severity.ts";

const bare: Scored = { severity: "low", summary: "x", details: "", source: "", context: {} };
const full: Scored = {
  severity: "critical",
  summary: "s".repeat(80),
  details: "d".repeat(160),
  source: "ci",
  context: { a: "1", b: "2", c: "3", d: "4", e: "5" },
};
/** The Python engine's formula as its description has it, in real numbers. */
function scoreByFormula({ severity, summary, details, source, context }: Scored): number {
  const weight = { low: 0.3, medium: 0.55, high: 0.8, critical: 1 }[severity];
  return (
    0.25 * Math.min(1, summary.trim().length / 80) +
    0.2 * Math.min(1, details.trim().length / 160) +
    (source.trim() === "" ? 0 : 0.1) +
    0.1 * Math.min(1, Object.keys(context).length / 5) +
    0.35 * weight
  );
}

test("a signal that has everything scores 1, one that has next to nothing close to its severity", () => {
  expect(qualityOf(full)).toEqual({ score: 1, label: "high", reasons: ["well_formed_signal"] });
  expect(qualityOf(bare)).toEqual({
    score: 0.108,
    label: "low",
    reasons: ["summary_too_short", "details_missing", "source_missing", "context_missing"],
  });
});

test("more than enough text and context counts no more than enough", () => {
  const more = { ...full, summary: "s".repeat(500), details: "d".repeat(20_000) };
  const context = { ...full.context, f: "6", g: "7" };
  expect(qualityOf({ ...more, context })).toEqual(qualityOf(full));
});

test("white space around a text is not text", () => {
  const padded = { ...bare, summary: "  x\n", details: " \n ", source: " " };
  expect(qualityOf(padded)).toEqual(qualityOf(bare));
});

test("characters are counted as people see them written, not in halves of pairs", () => {
  const faces = qualityOf({ ...bare, summary: "\u{1f600}".repeat(40) });
  expect(faces).toEqual(qualityOf({ ...bare, summary: "s".repeat(40) }));
});

describe("labels and reasons change where they are said to", () => {
  // A high severity and a source are 0.380; each summary character adds 0.003125.
  const signal = { ...bare, severity: "high", source: "ci" } as const;
  const long = { ...signal, details: "d".repeat(160) };
  const label = (base: Scored, length: number) => {
    const { score, label: word } = qualityOf({ ...base, summary: "s".repeat(length) });
    return [score, word];
  };
  test("medium from 0.450, high from 0.700", () => {
    expect(label(signal, 22)).toEqual([0.449, "low"]);
    expect(label(signal, 23)).toEqual([0.452, "medium"]);
    expect(label(long, 38)).toEqual([0.699, "medium"]);
    expect(label(long, 39)).toEqual([0.702, "high"]);
  });
  test("a summary of 20 characters is long enough", () => {
    const reasons = (length: number) =>
      qualityOf({ ...full, summary: "s".repeat(length) }).reasons.join();
    expect(reasons(19)).toBe("summary_too_short");
    expect(reasons(20)).toBe("well_formed_signal");
  });
});

test("the score is the formula's to the thousandth, always between 0 and 1", () => {
  const signals = fc.record({
    severity: fc.constantFrom(...severities),
    summary: fc.integer({ min: 1, max: 120 }).map((length) => "s".repeat(length)),
    details: fc.integer({ min: 0, max: 240 }).map((length) => "d".repeat(length)),
    source: fc.constantFrom("", "ci"),
    context: fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.constant("v"), { maxKeys: 8 }),
  });
  fc.assert(
    fc.property(signals, (signal) => {
      const { score } = qualityOf(signal);
      expect(Math.abs(score - scoreByFormula(signal))).toBeLessThanOrEqual(0.000_500_001);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(scoreOf(thousandthsOf(score))).toBe(score);
    }),
  );
});

test("half a thousandth goes up", () => {
  // 0.35 * 0.55 is 0.1925, to which 24 characters of a summary add 0.075.
  expect(qualityOf({ ...bare, severity: "medium", summary: "s".repeat(24) }).score).toBe(0.268);
});
