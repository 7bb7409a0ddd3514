import canonicalize from "canonicalize";
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

test("canonical JSON is that of RFC 8785, whatever the value", () => {
  const known = (value: unknown): string | undefined => {
    try {
      return canonicalize(value);
    } catch {
      return undefined;
    }
  };
  const ours = (value: unknown): string | undefined => {
    try {
      return canonicalJson(value);
    } catch {
      return undefined;
    }
  };
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
    key: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("toJSON", "10", "2", "__proto__")),
  });
  fc.assert(
    fc.property(anything, (value) => {
      expect(ours(value)).toBe(known(value));
    }),
    { numRuns: 2_000 },
  );
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  expect(ours(cycle)).toBeUndefined();
  expect(ours({ toJSON: () => "said" })).toBe('"said"');
  let deep: unknown = 1;
  for (let depth = 0; depth < 1_000; depth += 1) deep = { deep };
  expect(ours(deep)).toBe(known(deep));
});
