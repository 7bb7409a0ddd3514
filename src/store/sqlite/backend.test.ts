import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { first } from "../program.ts";
import { databaseFile, type StoreOptions } from "../store.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { holdLock, type LockHolder } from "./lock-holder.fixture.ts";

let temporary: TemporaryStore | undefined;
let holder: LockHolder | undefined;

afterEach(async () => {
  await holder?.kill();
  holder = undefined;
  temporary?.remove();
  temporary = undefined;
});

function open(options: Partial<StoreOptions> = {}): TemporaryStore {
  temporary = temporaryStore({ clock: systemClock, ...options });
  return temporary;
}

test("says what it is and where, for people", () => {
  const { dataDir, store } = open();
  expect([store.backend.kind, store.backend.place]).toEqual([
    "sqlite",
    join(dataDir, databaseFile),
  ]);
});

test("reads, and waits with writes, while another process holds the lock", async () => {
  const { store } = open();
  const { runs } = store.backend.tenant("a");
  await runs.create(newRun("first"));
  holder = await holdLock(store.backend.place);
  let written = false;
  const write = runs.create(newRun("second")).then(() => {
    written = true;
  });
  for (let index = 0; index < 10; index += 1) {
    await systemClock.sleep(5);
    expect((await runs.list()).items.map(({ id }) => id)).toEqual(["first"]);
    expect(await store.backend.schemaVersion()).toBeGreaterThan(0);
  }
  expect(written).toBe(false);
  await holder.release();
  await write;
  expect((await runs.list()).items.map(({ id }) => id)).toEqual(["second", "first"]);
});

test("reads one state through all statements, whatever another opening writes in between", async () => {
  const { store, reopen } = open();
  const other = reopen().tenant("a").runs;
  const count = "SELECT count(*) AS rows FROM runs";
  const read = store.backend.tables.read(function* () {
    const before = yield* first(count);
    other.create(newRun("between"));
    return [before, yield* first(count)];
  });
  expect(await read).toEqual([{ rows: 0 }, { rows: 0 }]);
  expect(await store.backend.tables.read(() => first(count))).toEqual({ rows: 1 });
});

test("reads within the open transaction what it has written, and leaves none open after a fault", async () => {
  const { store } = open();
  const { runs } = store.tenant("a");
  const broken = store.backend.tables.read(function* () {
    yield* first("SELECT 1 AS one");
    throw new Error("no");
  });
  await expect(broken).rejects.toThrow("no");
  store.transactions.transaction(() => {
    runs.create(newRun("one"));
    expect(runs.list().items).toHaveLength(1);
  });
  expect(runs.list().items).toHaveLength(1);
});

test("tells who opened it when its writers were refused", async () => {
  const told: string[] = [];
  const { store } = open({ busyTimeoutMs: 100, onBusy: ({ state }) => told.push(state) });
  holder = await holdLock(store.backend.place);
  await expect(store.backend.tenant("a").runs.create(newRun("one"))).rejects.toMatchObject({
    code: "store.busy",
    retryable: true,
  });
  expect(told).toEqual(["given up"]);
});

test("shares one file with another opening that writes at the same time", async () => {
  const { store, reopen } = open();
  const both = [store.backend.tenant("a"), reopen().backend.tenant("a")];
  await both[0]?.runs.create(newRun("shared"));
  const count = 40;
  await Promise.all(
    both.flatMap(({ runLog }, writer) =>
      Array.from({ length: count }, async (_, index) => {
        // Some at once, some while batches of the other are being written.
        await systemClock.sleep(index % 8);
        await runLog.append("shared", [{ type: "message.user", text: `${writer} ${index}` }]);
      }),
    ),
  );
  const log = await both[0]?.runLog.read("shared");
  expect(log?.map(({ seq }) => seq)).toEqual(
    Array.from({ length: 2 * count }, (_, index) => index + 1),
  );
  expect(new Set(log?.map((event) => JSON.stringify({ ...event, seq: 0, at: 0 }))).size).toBe(
    2 * count,
  );
});

test("says that it has been closed, once it has", async () => {
  const { store } = open();
  const { runs } = store.backend.tenant("a");
  const last = runs.create(newRun("last"));
  await store.backend.close();
  expect(await last).toMatchObject({ id: "last" });
  await expect(runs.create(newRun("late"))).rejects.toMatchObject({ code: "store.closed" });
  await expect(runs.list()).rejects.toMatchObject({ code: "store.closed" });
});
