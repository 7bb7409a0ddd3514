import fc from "fast-check";
import { expect, test } from "vitest";
import { scanValue } from "./json-value.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const jsonText = fc.oneof(
  fc.json(),
  fc.json().map((text) => JSON.stringify(JSON.parse(text), null, 2)),
);

test("finds the end of every JSON value, whatever follows", () => {
  fc.assert(
    fc.property(jsonText, fc.constantFrom("", ",", "]", "}", " x", "\n{"), (text, after) => {
      const bytes = bytesOf(text + after);
      expect(scanValue(bytes, 0, bytes.length, true)).toEqual({
        kind: "value",
        end: Buffer.byteLength(text.trimEnd()),
      });
    }),
  );
});

test("takes a text for whole exactly where JSON.parse does, over random changes of one byte", () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.integer({ min: 1, max: 127 }),
      (text, place, code) => {
        const bytes = Buffer.from(text.replace(/[^\x20-\x7e]/g, "x"));
        bytes[place % bytes.length] = code;
        const scanned = scanValue(bytes, 0, bytes.length, true);
        // What trim() takes for white space is more than JSON does: a vertical tab, for one.
        const whole =
          scanned.kind === "value" && /^[ \t\n\r]*$/.test(bytes.subarray(scanned.end).toString());
        expect(whole).toBe(parses(bytes.toString()));
      },
    ),
    { numRuns: 2000 },
  );
});

test("asks for more where the bytes end within a value, at every place", () => {
  fc.assert(
    fc.property(
      fc
        .dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
        .map((value) => JSON.stringify(value)),
      fc.nat(),
      (text, place) => {
        const bytes = bytesOf(text);
        const to = place % bytes.length;
        expect(scanValue(bytes, 0, to, false)).toEqual({ kind: "short" });
      },
    ),
  );
  expect(scanValue(bytesOf("12"), 0, 2, false)).toEqual({ kind: "short" });
  expect(scanValue(bytesOf("12"), 0, 2, true)).toEqual({ kind: "value", end: 2 });
});

test("says where and why something is no JSON", () => {
  const reasonOf = (text: string) => scanValue(bytesOf(text), 0, Buffer.byteLength(text), true);
  expect(reasonOf('{"a":1 "b":2}')).toEqual({
    kind: "bad",
    at: 7,
    reason: "a comma or the end of the list or object is missing",
  });
  expect(reasonOf('{"a"=1}')).toMatchObject({ at: 4, reason: "a colon is missing" });
  expect(reasonOf("{a:1}")).toMatchObject({ at: 1, reason: "a name in quotes is missing" });
  expect(reasonOf('["a\nb"]')).toMatchObject({ reason: "a control character stands in a text" });
  expect(reasonOf("NaN,")).toMatchObject({ reason: "this is no JSON value" });
  expect(reasonOf("[".repeat(70))).toMatchObject({ at: 64, kind: "bad" });
  expect(reasonOf("9".repeat(500))).toMatchObject({ kind: "bad" });
});
