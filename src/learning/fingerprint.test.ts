import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fingerprintOf, normalisedSummary } from "./fingerprint.ts";

const signal = { type: "bug", severity: "high", summary: "It broke", source: "ci" } as const;

test("each of type, severity, source and words makes a signal another one", () => {
  const others = [
    signal,
    { ...signal, type: "incident" },
    { ...signal, severity: "low" },
    { ...signal, source: "nightly" },
    { ...signal, summary: "It broke again" },
  ] as const;
  const fingerprints = others.map((other) => fingerprintOf(other));
  expect(new Set(fingerprints).size).toBe(others.length);
  for (const one of fingerprints) expect(one).toMatch(/^[0-9a-f]{64}$/);
});

test("stays what it was in earlier versions, since stores hold it", () => {
  // SHA-256 of {"severity":"high","source":"ci","summary":"it broke","type":"bug"}, by sha256sum.
  expect(fingerprintOf(signal)).toBe(
    "35888a944d0eabc3cb13d5469a8484d40f5d1be94f6ab3e2edfe0d424efd49f3",
  );
});

test.each([
  ["  Time\n\tOUT ", "time out"],
  ["timeout after 5012 ms", "timeout after # ms"],
  ["took 1,234.5 s, not 2 s", "took # s, not # s"],
  ["run 0198c0de-1234-7abc-8def-0123456789ab died", "run # died"],
  ["commit 9F8e7d6c is bad", "commit # is bad"],
  ["at 0x7ffeDEADbeef and 0x1f", "at # and #"],
  ["run_ab12cd34ef", "run_#"],
  ["7 hex digits: a1b2c3d", "# hex digits: a#b#c#d"],
  ["deadbeef and effaced are words", "deadbeef and effaced are words"],
  ["no hex: 12345678z", "no hex: #z"],
  ["cafe\u0301", "caf\u00e9"],
])("of %j it is %j that is compared", (summary, expected) => {
  expect(normalisedSummary(summary)).toBe(expected);
});

test("numbers, case and white space never tell two signals apart", () => {
  const words = fc.array(fc.stringMatching(/^[g-z]{1,8}$/), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(words, fc.nat(), fc.nat(), (list, one, other) => {
      const first = fingerprintOf({ ...signal, summary: `${list.join(" ")} ${one}` });
      const loud = ` ${list.join("\n ").toUpperCase()}\t${other} `;
      expect(fingerprintOf({ ...signal, summary: loud })).toBe(first);
    }),
  );
});

test("what was normalised once is not changed by doing it again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const once = normalisedSummary(text);
      expect(normalisedSummary(once)).toBe(once);
    }),
  );
});
