import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOutputCapture } from "./output-capture.ts";

function capture(chunks: readonly Uint8Array[], limitBytes: number) {
  const output = createOutputCapture(limitBytes);
  for (const chunk of chunks) output.push(chunk);
  return output;
}

/** A text, cut into chunks anywhere, also inside of characters. */
const chunked = fc
  .tuple(fc.string({ unit: "grapheme", maxLength: 60 }), fc.array(fc.nat(60)))
  .map(([text, cuts]) => {
    const bytes = Buffer.from(text);
    const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].toSorted(
      (a, b) => a - b,
    );
    return { text, chunks: ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)) };
  });

describe("captured output", () => {
  test("is all of it while it fits", () => {
    fc.assert(
      fc.property(chunked, fc.nat(20), ({ text, chunks }, spare) => {
        const output = capture(chunks, Buffer.byteLength(text) + spare);
        expect(output.text()).toBe(text);
        expect(output.truncated).toBe(false);
      }),
    );
  });

  test("is its beginning and its end otherwise, in whole characters, and the rest is counted", () => {
    fc.assert(
      fc.property(chunked, fc.nat(40), ({ text, chunks }, limitBytes) => {
        fc.pre(Buffer.byteLength(text) > limitBytes && !text.includes("["));
        const output = capture(chunks, limitBytes);
        expect(output.truncated).toBe(true);
        const parts = /^([\s\S]*)\n\[(\d+) bytes are left out here\]\n([\s\S]*)$/.exec(
          output.text(),
        );
        const [, head = "", missing, tail = ""] = parts ?? [];
        expect(text.startsWith(head)).toBe(true);
        expect(text.endsWith(tail)).toBe(true);
        const kept = Buffer.byteLength(head) + Buffer.byteLength(tail);
        expect(kept).toBeLessThanOrEqual(limitBytes);
        expect(kept).toBeGreaterThanOrEqual(limitBytes - 6);
        expect(kept + Number(missing)).toBe(Buffer.byteLength(text));
      }),
    );
  });

  test("shows what is no text as replacement characters", () => {
    expect(capture([Uint8Array.of(0x61, 0xff, 0x62)], 10).text()).toBe("a\ufffdb");
  });
});
