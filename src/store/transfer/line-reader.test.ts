import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesSource, identityOf, openFileSource } from "./byte-source.ts";
import { type Line, readLines } from "./line-reader.ts";

async function linesOf(content: Uint8Array, chunk = 1 << 20, from = 0, maxBytes = 1 << 20) {
  const source = {
    ...bytesSource("x", content),
    read: async (offset: number) => content.subarray(offset, offset + chunk),
  };
  const lines: Line[] = [];
  for await (const line of readLines(source, from, maxBytes)) lines.push(line);
  return lines;
}

test("cuts at every newline, whatever the pieces in which the bytes come", async () => {
  const text = fc.array(fc.constantFrom("a", "é", "\n", "\r", "\u{1f600}"), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (parts, chunk) => {
      const content = Buffer.from(parts.join(""));
      const lines = await linesOf(content, chunk);
      const expected = content.toString("latin1").split("\n");
      if (expected.at(-1) === "") expected.pop();
      expect(lines.map(({ bytes }) => Buffer.from(bytes).toString("latin1"))).toEqual(expected);
      for (const line of lines) {
        const there = content.subarray(line.offset, line.end);
        expect(there.equals(Buffer.concat([line.bytes, Buffer.from(line.open ? "" : "\n")]))).toBe(
          true,
        );
        const rest = await linesOf(content, chunk, line.offset);
        expect(rest[0]).toEqual(line);
      }
    }),
  );
});

test("holds only the beginning of a line that is too long, and goes on after it", async () => {
  const lines = await linesOf(Buffer.from(`${"x".repeat(100)}\nshort`), 7, 0, 20);
  expect(lines.map(({ bytes, tooLong, open }) => [bytes.length, tooLong, open])).toEqual([
    [20, true, false],
    [5, false, true],
  ]);
  expect(lines[0]?.end).toBe(101);
});

test("reads a file from any place, knows it again, and says when it cannot be read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "agent33-source-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, "0123456789");
    const source = await openFileSource(path);
    expect(Buffer.from(await source.read(3, 4)).toString()).toBe("3456");
    expect(Buffer.from(await source.read(8, 100)).toString()).toBe("89");
    expect(await source.read(50, 1)).toHaveLength(0);
    const identity = await identityOf(source);
    await source.close();
    expect(identity).toBe(await identityOf(bytesSource("same", Buffer.from("0123456789"))));
    expect(identity).not.toBe(await identityOf(bytesSource("other", Buffer.from("0123456780"))));
    await expect(openFileSource(join(folder, "none"))).rejects.toThrowError(
      expect.objectContaining({ code: "store.unreadable_source" }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
