import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyCharacter } from "../../../test/support/any-character.ts";
import { outputTail } from "./output-tail.ts";

describe("the tail of an output", () => {
  test("is the whole output while it fits", () => {
    const tail = outputTail(8);
    tail.push(Buffer.from("12345"));
    tail.push(Buffer.from("678"));
    expect(tail.text()).toBe("12345678");
  });

  test("keeps the end and says how much is missing", () => {
    const tail = outputTail(4);
    tail.push(Buffer.from("abcdef"));
    tail.push(Buffer.from("gh"));
    expect(tail.text()).toBe("[4 bytes before this are left out]\nefgh");
  });

  test("does not begin within a character", () => {
    const tail = outputTail(4);
    tail.push(Buffer.from("äöü"));
    tail.push(Buffer.from("!"));
    expect(tail.text()).toBe("[4 bytes before this are left out]\nü!");
  });

  test("is always an end of what was pushed, and no longer than allowed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: anyCharacter })),
        fc.integer({ min: 4, max: 40 }),
        (parts, limit) => {
          const tail = outputTail(limit);
          for (const part of parts) tail.push(Buffer.from(part));
          const all = Buffer.concat(parts.map((part) => Buffer.from(part)));
          const told = /^\[(\d+) bytes before this are left out\]\n([\s\S]*)$/.exec(tail.text());
          if (all.length <= limit) {
            expect(tail.text()).toBe(all.toString("utf8"));
          } else {
            const missing = Number(told?.[1]);
            expect(all.length - missing).toBeLessThanOrEqual(limit);
            expect(all.length - missing).toBeGreaterThan(limit - 4);
            expect(told?.[2]).toBe(all.subarray(missing).toString("utf8"));
          }
        },
      ),
    );
  });
});
