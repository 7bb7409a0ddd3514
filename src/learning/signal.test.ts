import { describe, expect, test } from "vitest";
import { severityRank } from "./severity.ts";
import { parseNewSignal } from "./signal.ts";

const plain = { type: "bug", severity: "high", summary: "It broke" };
const problems = (value: unknown): unknown => {
  try {
    parseNewSignal(value);
  } catch (error) {
    expect(error).toMatchObject({ code: "learning.bad_signal" });
    return (error as { details: { problems: readonly string[] } }).details.problems;
  }
  return "none";
};

test("fills in what a short signal leaves out", () => {
  expect(parseNewSignal(plain)).toEqual({ ...plain, details: "", source: "", context: {} });
});

test("keeps everything that a full signal says", () => {
  const full = {
    ...plain,
    details: "In the parser",
    source: "ci",
    context: { file: "a.ts" },
    idempotencyKey: "k",
    at: 5,
  };
  expect(parseNewSignal(full)).toEqual(full);
});

describe("what is wrong is listed, each problem with its path", () => {
  test("all problems at once", () => {
    const bad = { ...plain, severity: "hgh", details: 4, context: { a: "x\0", b: 1 } };
    expect(problems(bad)).toEqual([
      'severity: "hgh" is not one of low, medium, high, critical. Did you mean "high"?',
      expect.stringMatching(/^details: Must be text/),
      expect.stringMatching(/^context\.a: Must not have the character U\+0000/),
      expect.stringMatching(/^context\.b: Must be text/),
    ]);
  });

  test("a word that is near to none lists the words", () => {
    expect(problems({ ...plain, type: "xyzzyplugh" })).toEqual([
      'type: "xyzzyplugh" is not one of bug, incident, feedback, performance, security, process',
    ]);
  });

  test("a bad key of the context is told by what is wrong with it", () => {
    expect(problems({ ...plain, context: { "": "x" } })).toEqual([
      expect.stringMatching(/^context\.: the key: Must not be empty/),
    ]);
  });

  test("a field that nobody knows, a blank summary, too much context, a time that is none", () => {
    expect(problems({ ...plain, sumary: "x" })).toEqual([expect.stringContaining('"sumary"')]);
    expect(problems({ ...plain, summary: " \n " })).toEqual(["summary: Must not be blank"]);
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, "v"]));
    expect(problems({ ...plain, context: many })).toEqual([
      "context: Must have at most 50 entries",
    ]);
    for (const at of [-1, 0.5, Number.NaN, 8_640_000_000_000_001, "2026-08-01T00:00:00"]) {
      expect(problems({ ...plain, at })).toEqual([expect.stringMatching(/^at: /)]);
    }
    for (const at of [0, 8_640_000_000_000_000]) expect(problems({ ...plain, at })).toBe("none");
  });

  test("something that is no object", () => {
    for (const value of [null, undefined, "text", [plain]]) {
      expect(problems(value)).toEqual([expect.stringContaining("expected object")]);
    }
  });
});

test("lengths end where they are said to", () => {
  const limits = [
    ["summary", 500],
    ["details", 20_000],
    ["source", 200],
    ["idempotencyKey", 200],
  ] as const;
  for (const [field, limit] of limits) {
    expect(problems({ ...plain, [field]: "x".repeat(limit) })).toBe("none");
    expect(problems({ ...plain, [field]: "x".repeat(limit + 1) })).toEqual([
      expect.stringContaining(`${field}: Must have at most`),
    ]);
  }
});

test("severities rank from low to critical", () => {
  expect((["low", "medium", "high", "critical"] as const).map(severityRank)).toEqual([0, 1, 2, 3]);
});
