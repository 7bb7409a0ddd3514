import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../base/digest.ts";
import { seededRandom } from "../../base/random.ts";
import { healed, parityOf, writeParity } from "./parity.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-parity-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const random = seededRandom(33);
const byte = (): number => Math.floor(random.next() * 256);
const below = (end: number): number => Math.floor(random.next() * end);

function fileOf(bytes: number): { readonly path: string; readonly data: Buffer } {
  const path = join(folder, `file-${bytes}`);
  const data = Buffer.from(Array.from({ length: bytes }, byte));
  writeFileSync(path, data);
  writeParity(path);
  return { path, data };
}

function flip(path: string, count: number): void {
  const bytes = readFileSync(path);
  for (let done = 0; done < count; done += 1) {
    const at = below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + below(255));
  }
  writeFileSync(path, bytes);
}

test.each([1, 8, 239, 240, 1_000, 5_003])("a file of %i bytes is what it was", (bytes) => {
  const { path, data } = fileOf(bytes);
  expect(healed(path, bytes)?.equals(data)).toBe(true);
  flip(path, Math.min(4, bytes));
  flip(parityOf(path), 4);
  expect(healed(path, bytes)?.equals(data)).toBe(true);
});

test("hundreds of altered bytes in the file and its parity are put right", () => {
  const { path, data } = fileOf(400_000);
  flip(path, 200);
  flip(parityOf(path), 30);
  expect(healed(path, data.length)?.equals(data)).toBe(true);
});

test("so is a stretch of a fortieth of the file, and an end that was cut off", () => {
  const { path, data } = fileOf(100_000);
  writeFileSync(path, Buffer.from(data).fill(0, 50_000, 52_500));
  expect(healed(path, data.length)?.equals(data)).toBe(true);
  writeFileSync(path, data.subarray(0, 97_500));
  expect(healed(path, data.length)?.equals(data)).toBe(true);
});

test("where too much is altered, nothing is said to be right", () => {
  const { path, data } = fileOf(10_000);
  flip(path, 3_000);
  const found = healed(path, data.length);
  expect(found === undefined || !found.equals(data)).toBe(true);
  rmSync(parityOf(path));
  expect(healed(path, data.length)).toBeUndefined();
});

test("the parity of a file is the same in every version of the program", () => {
  const path = join(folder, "file");
  writeFileSync(
    path,
    Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * at * 31 + 7 * at) % 251)),
  );
  writeParity(path);
  expect(sha256(readFileSync(parityOf(path)))).toBe(
    "470bc8c650d101cae83ce3e8f262a23df858bbfae94acce6b842ad66e6acd25d",
  );
});
