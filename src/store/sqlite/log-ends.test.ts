import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { newRun } from "../store.fixture.ts";
import { openStore, type Store } from "../store.ts";

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-log-ends-"));
  store = opened();
  store.tenant("t").runs.create(newRun("run"));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function opened(): Store {
  return openStore({
    dataDir: folder,
    clock: manualClock(),
    ids: () => "id",
    synchronous: "normal",
  });
}

const said = (text: string) => [{ type: "message.user", text } as const];
const append = (to: Store = store): readonly number[] =>
  to
    .tenant("t")
    .runLog.append("run", said("x"))
    .map(({ seq }) => seq);
const places = (): readonly number[] =>
  store
    .tenant("t")
    .runLog.read("run")
    .map(({ seq }) => seq);

test("an event follows the one before it without a look at the log", () => {
  append();
  const asked: string[] = [];
  store.transactions.transaction((sql) => {
    const watched = Object.assign(sql, { all: sql.all });
    const { all } = watched;
    watched.all = (text, ...parameters) => {
      asked.push(text);
      return all(text, ...parameters);
    };
    try {
      expect(append()).toEqual([2]);
      expect(append()).toEqual([3]);
    } finally {
      watched.all = all;
    }
  });
  expect(asked).toEqual([]);
  expect(places()).toEqual([1, 2, 3]);
});

test("an event follows what another process has written meanwhile", () => {
  const other = opened();
  try {
    append();
    append(other);
    append(other);
    expect(append()).toEqual([4]);
    store.transactions.transaction(() => expect(append()).toEqual([5]));
    expect(append(other)).toEqual([6]);
  } finally {
    other.close();
  }
  expect(places()).toEqual([1, 2, 3, 4, 5, 6]);
});

test("an event takes the place of one that was undone", () => {
  append();
  const { transactions } = store;
  const undone = new Error("undone");
  expect(() =>
    transactions.transaction(() => {
      append();
      throw undone;
    }),
  ).toThrow(undone);
  expect(append()).toEqual([2]);
  transactions.transaction(() => {
    append();
    expect(() =>
      transactions.savepoint(() => {
        append();
        throw undone;
      }),
    ).toThrow(undone);
    expect(append()).toEqual([4]);
  });
  expect(places()).toEqual([1, 2, 3, 4]);
});

test("an event follows rows that came in by an import", async () => {
  append();
  const [row] = store.transactions.snapshot((sql) =>
    sql.all("SELECT * FROM run_events WHERE run_id = 'run'"),
  );
  await store.backend.tables.write(function* () {
    yield {
      want: "changes",
      text: "INSERT INTO run_events (run_id, seq, at, type, event) VALUES ('run', 2, 0, ?, ?)",
      parameters: [row?.["type"] ?? null, row?.["event"] ?? null],
    };
  });
  expect(append()).toEqual([3]);
});

test("writers that share a transaction see where the log ends by now", async () => {
  const { runLog } = store.backend.tenant("t");
  append();
  const [two, three] = await Promise.all([
    runLog.append("run", said("a")),
    runLog.append("run", said("b")),
  ]);
  expect([two?.[0]?.seq, three?.[0]?.seq]).toEqual([2, 3]);
  expect(append()).toEqual([4]);
});

test("a run of another tenant stays unknown", () => {
  append();
  expect(() => store.tenant("other").runLog.append("run", said("x"))).toThrowError(
    expect.objectContaining({ code: "store.unknown_run" }),
  );
});
