import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Random, seededRandom } from "../../base/random.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { lastHistories } from "./histories.ts";
import { changesAfter, type JournalEnd, type Reading } from "./reader.ts";
import { sealJournal } from "./seal.ts";
import { originsIn } from "./segments.ts";

let temporary: TemporaryStore;
let random: Random;
beforeEach(() => {
  random = seededRandom(33);
  temporary = temporaryStore({ journal: true });
});
afterEach(() => temporary.remove());

const journal = (): string => join(temporary.dataDir, "journal");
const folder = (): string => join(journal(), readdirSync(journal())[0] ?? "");
const files = (form: RegExp): readonly string[] =>
  readdirSync(folder())
    .filter((name) => form.test(name))
    .map((name) => join(folder(), name));

/** Alters one byte in so many of a file, and one at least. */
function alter(path: string, oneIn: number): void {
  const bytes = readFileSync(path);
  for (let done = 0; done < bytes.length / oneIn; done += 1) {
    const at = Math.floor(random.next() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(random.next() * 255));
  }
  writeFileSync(path, bytes);
}

async function read(reading: Reading, history = lastHistories(journal())[0] ?? "") {
  const changes = changesAfter(journal(), history, 0, reading);
  let count = 0;
  for (;;) {
    const found: IteratorResult<unknown, JournalEnd> = await changes.next();
    if (found.done === true) return { count, kind: found.value.kind };
    count += 1;
  }
}

function write(runs: number): void {
  for (let run = 0; run < runs; run += 1) temporary.rows.runs.create(newRun(`run-${run}`));
}

test("altered bytes of lines, of their parity and of where a history began are put right", async () => {
  write(300);
  temporary.store.close();
  const before = originsIn(journal());
  for (const path of files(/./)) alter(path, 2_000);
  expect(await read("as it stands", before[0]?.history)).toMatchObject({ kind: "gap" });
  expect(originsIn(journal())).toEqual(before);
  expect(await read("healed")).toEqual({ count: 300, kind: "end" });
});

test("what one process has written, and another goes on with, is all put right", async () => {
  write(30);
  temporary.store.close();
  const again = temporary.reopen();
  for (let run = 0; run < 30; run += 1) again.tenant("local").runs.create(newRun(`more-${run}`));
  again.close();
  for (const path of files(/jsonl$/)) alter(path, 1_000);
  expect(await read("as it stands")).toMatchObject({ kind: "gap" });
  expect(await read("healed")).toEqual({ count: 60, kind: "end" });
});

test("an altered packed segment is put right, or ends the changes before it", async () => {
  write(300);
  temporary.store.close();
  const [history = ""] = lastHistories(journal());
  // As of a history that was left: all of it is packed.
  const position = { history: "another", seq: 1 };
  await sealJournal({ journal: journal(), position, now: 0, keepDays: 7 });
  const [packed = ""] = files(/zst$/);
  alter(packed, 400);
  expect(await read("as it stands", history)).toMatchObject({ kind: "gap" });
  expect(await read("healed", history)).toEqual({ count: 300, kind: "end" });
  for (const parity of files(/zst\.parity$/)) rmSync(parity);
  expect(await read("healed", history)).toMatchObject({ kind: "gap" });
  expect(statSync(packed).size).toBeGreaterThan(0);
});
