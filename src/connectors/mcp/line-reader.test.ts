import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLineReader } from "./line-reader.ts";

describe("createLineReader", () => {
  test("gives the same lines however the stream is cut into pieces", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, ""));
    fc.assert(
      fc.property(fc.array(line), line, fc.array(fc.nat(40)), (lines, rest, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join("") + rest, "utf8");
        const seen: string[] = [];
        const reader = createLineReader(10_000, (text) => seen.push(text));
        let start = 0;
        for (const cut of [...cuts, bytes.length]) {
          expect(reader.push(bytes.subarray(start, start + cut))).toBe(true);
          start = Math.min(start + cut, bytes.length);
        }
        expect(seen).toEqual(lines);
        expect(reader.rest()).toBe(rest);
      }),
    );
  });

  test("takes a carriage return for a part of the line break", () => {
    const seen: string[] = [];
    createLineReader(100, (text) => seen.push(text)).push(Buffer.from("a\r\nb\n"));
    expect(seen).toEqual(["a", "b"]);
  });

  test.each([
    [10, true],
    [11, false],
  ])("with a limit of 10 takes a line of %i bytes: %s", (length, taken) => {
    const text = "x".repeat(length);
    expect(createLineReader(10, () => {}).push(Buffer.from(`${text}\n`))).toBe(taken);
    expect(createLineReader(10, () => {}).push(Buffer.from(text))).toBe(taken);
  });

  test("counts a line's pieces together", () => {
    const reader = createLineReader(10, () => {});
    expect(reader.push(Buffer.from("123456"))).toBe(true);
    expect(reader.push(Buffer.from("123456"))).toBe(false);
  });
});
