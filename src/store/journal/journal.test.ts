import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  copyFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import type { Agent33Error } from "../../base/errors.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { openStore, type Store } from "../store.ts";
import { changesAfter, type JournalEnd, type Reading } from "./reader.ts";
import { encodeLine } from "./line.ts";
import { originsIn } from "./segments.ts";
import { lastHistories, stretchesOf } from "./histories.ts";

let temporary: TemporaryStore;
let journal = "";
let troubles: Agent33Error[] = [];

beforeEach(() => {
  troubles = [];
  temporary = temporaryStore({ journal: true, onJournalTrouble: (error) => troubles.push(error) });
  journal = join(temporary.dataDir, "journal");
});
afterEach(() => temporary.remove());

const lastHistory = (folder: string) => lastHistories(folder)[0];

const write = (store: Store, name: string): void => {
  store.tenant("local").runs.create(newRun(name));
};

async function read(
  history = lastHistory(journal) ?? "",
  after = 0,
  reading: Reading = "as it stands",
): Promise<{ readonly seqs: readonly number[]; readonly end: JournalEnd }> {
  const changes = changesAfter(journal, history, after, reading);
  const seqs: number[] = [];
  for (;;) {
    const { done, value } = await changes.next();
    if (done === true) return { seqs, end: value };
    seqs.push(value.seq);
  }
}

const fileOf = (): string => {
  const folder = join(journal, lastHistory(journal) ?? "");
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".jsonl")) ?? "");
};

test("each committed transaction is one change, and one that reads or fails is none", async () => {
  const { store } = temporary;
  write(store, "one");
  store.tenant("local").runs.list();
  expect(() => write(store, "one")).toThrow();
  store.transactions.transaction(() => {
    write(store, "two");
    write(store, "three");
  });
  expect(await read()).toEqual({ seqs: [1, 2], end: { kind: "end", seq: 2 } });
  expect(await read(lastHistory(journal), 1)).toMatchObject({ seqs: [2] });
  expect(originsIn(journal)).toMatchObject([{ seq: 0, parent: null, empty: true }]);
  expect(troubles).toEqual([]);
});

test("two openings of a store write one history, in the order of their commits", async () => {
  const other = temporary.reopen();
  for (const name of ["a", "b", "c"]) {
    write(temporary.store, `${name}1`);
    write(other, `${name}2`);
    write(other, `${name}3`);
  }
  expect(await read()).toMatchObject({ seqs: [1, 2, 3, 4, 5, 6, 7, 8, 9], end: { kind: "end" } });
  expect(originsIn(journal)).toHaveLength(1);
});

test("what a killed process left of its line spoils no other's", async () => {
  write(temporary.store, "one");
  appendFileSync(fileOf(), `\n${"0".repeat(32)} {"seq":2,"at"`);
  write(temporary.store, "two");
  write(temporary.reopen(), "three");
  expect(await read()).toMatchObject({ seqs: [1, 2, 3], end: { kind: "end" } });
});

test("a change whose commit was never heard of gives way to the one that took its number", async () => {
  write(temporary.store, "one");
  const history = lastHistory(journal) ?? "";
  const line = { seq: 2, at: 1, schema: 1, statements: [] };
  appendFileSync(fileOf(), encodeLine(history, line, new Set()));
  write(temporary.reopen(), "two");
  const found = changesAfter(journal, history, 1, "as it stands");
  const { value } = await found.next();
  expect(value).toMatchObject({ seq: 2 });
  expect(value).not.toMatchObject({ at: 1 });
  expect(await read()).toMatchObject({ seqs: [1, 2] });
});

test("a change whose commit failed is not in the journal", async () => {
  const { store } = temporary;
  write(store, "one");
  expect(() =>
    store.transactions.transaction((sql) => {
      write(store, "two");
      // Checked at the commit only.
      sql.run("PRAGMA defer_foreign_keys = ON");
      sql.run(
        "INSERT INTO run_events (run_id, seq, at, type, event) VALUES ('nobody', 1, 1, 'x', '{}')",
      );
    }),
  ).toThrow();
  expect(await read()).toMatchObject({ seqs: [1], end: { kind: "end", seq: 1 } });
  write(store, "three");
  expect(await read()).toMatchObject({ seqs: [1, 2], end: { kind: "end", seq: 2 } });
});

describe("where it cannot go on, a history begins", () => {
  test("after changes that were not written to it", async () => {
    write(temporary.store, "one");
    temporary.store.close();
    const without = temporaryStore({ dataDir: temporary.dataDir, journal: false });
    write(without.store, "unseen");
    without.store.close();
    const again = temporary.reopen();
    write(again, "three");
    write(again, "four");
    expect(troubles).toMatchObject([{ code: "store.journal_gap" }]);
    expect(await read(lastHistory(journal), 2)).toMatchObject({ seqs: [3, 4] });
    expect(originsIn(journal)).toMatchObject([
      { seq: 2, parent: null, empty: false },
      { seq: 0, parent: null, empty: true },
    ]);
  });

  test("from a store that lacks changes which the journal has, and nothing of it is written over", async () => {
    write(temporary.store, "one");
    const [before] = originsIn(journal);
    temporary.store.close();
    const history = before?.history ?? "";
    for (const seq of [2, 3, 4]) {
      const line = { seq, at: 1, schema: 1, statements: [] };
      appendFileSync(fileOf(), encodeLine(history, line, new Set()));
    }
    // The look at the start would find it.
    const { dataDir, clock } = temporary;
    const onJournalTrouble = (error: Agent33Error) => troubles.push(error);
    const ids = () => "another";
    const opened = openStore({ dataDir, clock, ids, onJournalTrouble, startCheckMs: 0 });
    write(opened, "another two");
    opened.close();
    expect(troubles).toMatchObject([{ code: "store.behind_journal" }]);
    expect(await read(history)).toMatchObject({ seqs: [1, 2, 3, 4] });
    expect(stretchesOf(journal, lastHistory(journal) ?? "")).toMatchObject([
      { from: 1, upTo: null },
      { history, from: 0, upTo: 1, empty: true },
    ]);
  });

  test("after the journal was away, and the store goes on meanwhile", async () => {
    write(temporary.store, "one");
    temporary.store.close();
    rmSync(journal, { recursive: true });
    writeFileSync(journal, "a file in the folder's place");
    const again = temporary.reopen();
    write(again, "two");
    write(again, "three");
    expect(troubles).toMatchObject([{ code: "store.journal_failed" }]);
    rmSync(journal);
    temporary.clock.advance(60_000);
    write(again, "four");
    expect(await read(lastHistory(journal), 3)).toMatchObject({ seqs: [4] });
    expect(again.tenant("local").runs.list().items).toHaveLength(4);
  });
});

test("a segment that another process has packed meanwhile is no loss", async () => {
  write(temporary.store, "one");
  const path = fileOf();
  copyFileSync(path, `${path}.zst`);
  rmSync(path);
  await systemClock.sleep(1_200);
  write(temporary.store, "two");
  expect(troubles).toEqual([]);
  expect(readFileSync(path, "utf8")).toContain('"seq":2');
});

test("a damaged line ends the changes before it", async () => {
  for (const name of ["one", "two", "three"]) write(temporary.store, name);
  const path = fileOf();
  writeFileSync(path, readFileSync(path, "utf8").replace('"seq":2', '"seq":9'));
  expect(await read()).toEqual({ seqs: [1], end: { kind: "gap", seq: 1 } });
});

test("a store without a journal gets none by being opened", () => {
  const without = temporaryStore();
  write(without.store, "one");
  expect(existsSync(join(without.dataDir, "journal"))).toBe(false);
  without.remove();
});
