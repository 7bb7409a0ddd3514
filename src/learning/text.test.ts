import * as fc from "fast-check";
import { expect, test } from "vitest";
import { storableText } from "./text.ts";

const schema = storableText(1, 10);
const message = (text: string) => schema.safeParse(text).error?.issues[0]?.message;

test("takes any well-formed text within its bounds", () => {
  expect(schema.parse("ä\u{1f600}\n\u{10ffff}")).toBe("ä\u{1f600}\n\u{10ffff}");
  expect(schema.safeParse("").success).toBe(false);
  expect(schema.safeParse("12345678901").success).toBe(false);
});

test("says where the character is that no database can hold", () => {
  expect(message("ab\0c")).toContain("U+0000 (at place 3)");
  expect(message("\u{1f600}\ud800c")).toContain("character 2 is half of a surrogate pair");
  expect(message("\udc00")).toContain("character 1 is half");
});

test("takes exactly the texts that survive being written as UTF-8 and have no U+0000", () => {
  const units = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 0x80 }), fc.integer({ min: 0xd780, max: 0xe080 })),
    { maxLength: 5, minLength: 1 },
  );
  fc.assert(
    fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      const kept = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        new TextEncoder().encode(text),
      );
      expect(schema.safeParse(text).success).toBe(kept === text && !text.includes("\0"));
    }),
  );
});
