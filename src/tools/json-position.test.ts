import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findJsonFault } from "./json-position.ts";

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("findJsonFault", () => {
  test.each([
    ["{", 1, "a property name in double quotes"],
    ['{"a":1', 6, '"," or "}"'],
    ["{a:1}", 1, "a property name in double quotes"],
    ['{"a":1,}', 7, "a property name in double quotes"],
    ["[1,]", 3, "a value"],
    ['{"a":"x', 7, "the end of the string"],
    ['{"a" 1}', 5, '":"'],
    ['{"a":tru}', 5, "a value"],
    ['{"a":"\\q"}', 6, "a valid escape"],
    ['{"a":"x\ny"}', 7, "an escape such as \\n"],
    ['{"a":1} x', 8, "the end"],
    ["", 0, "a value"],
    ["{'a':1}", 1, "a property name in double quotes"],
    ["[01]", 2, '"," or "]"'],
  ])("finds the fault of %j at %i", (text, position, expected) => {
    expect(findJsonFault(text)).toEqual({ position, expected });
  });

  test("finds none in any JSON", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2, "\t"), (text, indent) => {
        expect(findJsonFault(JSON.stringify(JSON.parse(text), null, indent))).toBeUndefined();
      }),
    );
  });

  test("agrees with the engine about what is JSON, and about where it stops being it", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "a",
      "\\",
      "\\u00e9",
      "1",
      "-",
      ".",
      "e",
      "true",
      "null",
      " ",
      "\n",
      '"k":',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
        const text = parts.join("");
        const fault = findJsonFault(text);
        expect(fault === undefined).toBe(isJson(text));
        // The engine names a position only for some faults; a string's it gives at its escape.
        const position = fault?.position ?? 0;
        expect(position).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 3_000 },
    );
  });

  test("finds the one character that was broken in a document", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, seed) => {
        const at = seed % (text.length + 1);
        // No JSON holds this character outside of a string, and inside one it must be escaped.
        const broken = `${text.slice(0, at)}\u0001${text.slice(at)}`;
        const fault = findJsonFault(broken);
        expect(fault?.position).toBeLessThanOrEqual(at);
        expect(broken.slice(fault?.position, at)).toMatch(/^[-\\.+\da-z]*$/i);
      }),
    );
  });

  test("reads long strings without running out of stack", () => {
    expect(findJsonFault(`{"a":"${"x".repeat(2_000_000)}`)).toMatchObject({ position: 2_000_006 });
    expect(findJsonFault("[".repeat(200_000))).toMatchObject({ position: 200_000 });
  });
});
