import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { seededRandom } from "../../base/random.ts";
import { healedBlocks, protect } from "./blocks.ts";
import { parityOf } from "./parity.ts";

const random = seededRandom(7);
const bytes = (count: number): Buffer => Buffer.from(random.bytes(count));
const below = (end: number): number => Math.floor(random.next() * end);

let path = "";
beforeEach(() => {
  path = join(temporaryFolder("blocks"), "file");
});

function flip(file: string, count: number): void {
  const found = readFileSync(file);
  for (let done = 0; done < count; done += 1) {
    const at = below(found.length);
    found[at] = (found[at] ?? 0) ^ (1 + below(255));
  }
  writeFileSync(file, found);
}

const healed = (): Buffer => Buffer.concat([...healedBlocks(path)]);

test("a file that grew piece by piece is what it was after bytes of it were altered", () => {
  let done = 0;
  for (const count of [1, 10_000, 200_000, 131_072, 50]) {
    appendFileSync(path, bytes(count));
    done = protect(path, done);
  }
  expect(done).toBe(2);
  const whole = readFileSync(path);
  flip(path, 400);
  flip(parityOf(path), 20);
  expect(healed().equals(whole)).toBe(true);
});

test("so is one of which a page was lost in each block", () => {
  writeFileSync(path, bytes(400_000));
  protect(path, 0);
  const whole = readFileSync(path);
  const damaged = Buffer.from(whole);
  for (const at of [8_192, 200_704, 380_928]) damaged.fill(0, at, at + 4_096);
  writeFileSync(path, damaged);
  expect(healed().equals(whole)).toBe(true);
});

test("what was written behind its parity stays as it is, and is protected by whoever comes next", () => {
  writeFileSync(path, bytes(1_000));
  protect(path, 0);
  appendFileSync(path, bytes(1_000));
  const whole = readFileSync(path);
  flip(path, 0);
  const damaged = Buffer.from(whole);
  damaged[10] = (damaged[10] ?? 0) ^ 1;
  writeFileSync(path, damaged);
  expect(healed().equals(whole)).toBe(true);
  writeFileSync(path, whole);
  protect(path, 0);
  damaged[1_900] = (damaged[1_900] ?? 0) ^ 1;
  writeFileSync(path, damaged);
  expect(healed().equals(whole)).toBe(true);
});

test("where too much is altered, the rest is still put right", () => {
  writeFileSync(path, bytes(131_072));
  protect(path, 0);
  const whole = readFileSync(path);
  const damaged = Buffer.from(whole);
  // The same word, ten times.
  for (let at = 0; at < 10; at += 1) damaged[at * 549] = (damaged[at * 549] ?? 0) ^ 1;
  damaged[1] = (damaged[1] ?? 0) ^ 1;
  writeFileSync(path, damaged);
  const found = healed();
  expect(found[1]).toBe(whole[1]);
  expect(found.equals(whole)).toBe(false);
});

test("a parity that is gone, cut off or of anything else changes nothing", () => {
  writeFileSync(path, bytes(131_073));
  protect(path, 0);
  const whole = readFileSync(path);
  writeFileSync(parityOf(path), bytes(statSync(parityOf(path)).size));
  expect(healed().equals(whole)).toBe(true);
  writeFileSync(parityOf(path), bytes(10));
  expect(healed().equals(whole)).toBe(true);
  rmSync(parityOf(path));
  expect(healed().equals(whole)).toBe(true);
});

test("a file that is not there has no parity", () => {
  expect(protect(path, 0)).toBe(0);
});
