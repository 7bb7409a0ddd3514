import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf } from "./digest.ts";
import { canonicalJson } from "./json.ts";

test("the order of keys does not matter to a digest", () => {
  expect(digestOf({ a: 1, b: [true, null] })).toBe(digestOf({ b: [true, null], a: 1 }));
  expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: "1" }));
});

test("canonical JSON reads back as the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const normal: unknown = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(normal);
    }),
  );
});

test("what JSON cannot hold is refused", () => {
  for (const value of [Number.NaN, undefined]) {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: "json.not_canonical" }),
    );
  }
});
