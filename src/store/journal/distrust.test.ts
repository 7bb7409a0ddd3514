import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Agent33Error } from "../../base/errors.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import type { Store } from "../store.ts";
import { encodeLine } from "./line.ts";
import { originsIn, segmentName } from "./segments.ts";
import { verifyJournal } from "./verify.ts";

let temporary: TemporaryStore;
let journal = "";
let troubles: Agent33Error[] = [];

beforeEach(() => {
  troubles = [];
  temporary = temporaryStore({ journal: true, onJournalTrouble: (error) => troubles.push(error) });
  journal = join(temporary.dataDir, "journal");
});
afterEach(() => temporary.remove());

const write = (store: Store, name: string): void => {
  store.tenant("local").runs.create(newRun(name));
};
const codes = () => troubles.map(({ code }) => code);
const history = () => originsIn(journal)[0]?.history ?? "";
const segment = () => join(journal, history(), segmentName(1));

/** Leaves nothing of a line but its length, as a cut of the power does. */
function blank(number: number): void {
  const lines = readFileSync(segment(), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(`{"seq":${number},`));
  lines[index] = "\0".repeat(lines[index]?.length ?? 0);
  writeFileSync(segment(), lines.join("\n"));
}

test.each([2, 1])(
  "a journal that lacks change %i before its last is not gone on with",
  async (number) => {
    for (const name of ["one", "two", "three"]) write(temporary.store, name);
    temporary.store.close();
    blank(number);
    write(temporary.reopen(), "four");
    expect(codes()).toEqual(["store.journal_gap"]);
    const [newest] = await verifyJournal(journal);
    expect(newest).toMatchObject({ from: 4, to: 4, problems: [] });
  },
);

test("a damaged line from long ago keeps nobody from going on", () => {
  for (const name of ["one", "two"]) write(temporary.store, name);
  temporary.clock.advance(60_000);
  // More than is looked at of a file's end at first.
  write(temporary.store, "x".repeat(70_000));
  write(temporary.store, "later");
  temporary.clock.advance(60_000);
  write(temporary.store, "last");
  temporary.store.close();
  blank(1);
  write(temporary.reopen(), "on");
  expect(codes()).toEqual([]);
});

test("a change that was taken back and is in the store after all begins a history", async () => {
  for (const name of ["one", "two"]) write(temporary.store, name);
  temporary.store.close();
  // As a failed flush leaves it: refused, and found again by the next process.
  appendFileSync(segment(), encodeLine(history(), { seq: 2, undone: true }, new Set()));
  write(temporary.reopen(), "three");
  expect(codes()).toEqual(["store.journal_gap"]);
  const [newest] = await verifyJournal(journal);
  expect(newest).toMatchObject({ from: 3, to: 3, problems: [] });
});

test("a change that the journal could not take is not mistaken for a line of its number", async () => {
  write(temporary.store, "one");
  // A line whose transaction was not committed, and which could not be taken back.
  const stale = { seq: 2, at: 1, schema: 1, statements: [] };
  appendFileSync(segment(), encodeLine(history(), stale, new Set()));
  renameSync(journal, `${journal}-away`);
  writeFileSync(journal, "no folder");
  write(temporary.reopen(), "two");
  expect(codes()).toEqual(["store.journal_failed"]);
  rmSync(journal);
  renameSync(`${journal}-away`, journal);
  write(temporary.reopen(), "three");
  expect(codes()).toEqual(["store.journal_failed", "store.journal_gap"]);
  const verified = await verifyJournal(journal);
  expect(verified.find(({ to }) => to === 3)).toMatchObject({ from: 3, problems: [] });
});

test("a store is made where its journal cannot be, and the journal begins once it can", async () => {
  const dataDir = join(temporary.dataDir, "another");
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, "journal"), "no folder");
  const onJournalTrouble = (error: Agent33Error) => troubles.push(error);
  const another = temporaryStore({ dataDir, journal: true, onJournalTrouble });
  expect(codes()).toEqual(["store.journal_failed"]);
  rmSync(join(dataDir, "journal"));
  write(another.store, "one");
  write(another.store, "two");
  expect(await verifyJournal(join(dataDir, "journal"))).toMatchObject([{ to: 2, problems: [] }]);
  another.remove();
});
