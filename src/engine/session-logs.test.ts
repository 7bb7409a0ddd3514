import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { uuidv7Source } from "../base/ids.ts";
import { seededRandom } from "../base/random.ts";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { newRun } from "../store/store.fixture.ts";
import { openStore, type Store } from "../store/store.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { sessionLogs } from "./session-logs.ts";
import { type EngineStore, storeOf } from "./tenant-store.ts";

const say = (text: string): NewEvent => ({ type: "message.user", text });
const texts = (events: readonly StoredEvent[]): readonly unknown[] =>
  events.map((event) => (event.type === "message.user" ? event.text : event.type));

let dataDir: string;
let stores: Store[];
let store: EngineStore;
let read: (runId: string) => readonly StoredEvent[];
const sessions = new Map<string, object>();
function opened(): EngineStore {
  const clock = manualClock();
  const ids = uuidv7Source(clock, seededRandom(1));
  const made = openStore({ dataDir, clock, ids, synchronous: "normal" });
  stores.push(made);
  return storeOf(made, "a");
}
beforeEach(() => {
  dataDir = temporaryFolder("logs");
  stores = [];
  store = opened();
  store.runs.create(newRun("run"));
  sessions.clear();
  read = sessionLogs(store, sessions);
});
afterEach(() => {
  for (const made of stores) made.close();
});

test("the log of a run that is worked on is decoded once, and each event stays the same object", () => {
  store.runLog.append("run", [say("before")]);
  sessions.set("run", {});
  store.runLog.append("run", [say("one"), say("two")]);
  const first = read("run");
  store.runLog.append("run", [say("three")]);
  const second = read("run");
  expect(texts(first)).toEqual(["before", "one", "two"]);
  expect(texts(second)).toEqual(["before", "one", "two", "three"]);
  for (const [index, event] of first.entries()) expect(second[index]).toBe(event);
  expect(read("run")).toBe(second);
  expect(second).toEqual(store.runLog.read("run"));
});

test("a transaction sees what it wrote, and nobody what was rolled back", () => {
  sessions.set("run", {});
  store.runLog.append("run", [say("one")]);
  expect(() =>
    store.transactions.transaction(() => {
      store.runLog.append("run", [say("never")]);
      expect(texts(read("run"))).toEqual(["one", "never"]);
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(texts(read("run"))).toEqual(["one"]);
  store.runLog.append("run", [say("two")]);
  expect(texts(read("run"))).toEqual(["one", "two"]);
});

test("what another process wrote is seen at once, and what follows it is in order", () => {
  sessions.set("run", {});
  store.runLog.append("run", [say("one")]);
  const other = opened();
  other.runLog.append("run", [say("theirs")]);
  expect(texts(read("run"))).toEqual(["one", "theirs"]);
  store.runLog.append("run", [say("three")]);
  expect(texts(read("run"))).toEqual(["one", "theirs", "three"]);
  expect(read("run")).toBe(read("run"));
});

test("without a session nothing is kept", () => {
  store.runLog.append("run", [say("one")]);
  expect(texts(read("run"))).toEqual(["one"]);
  expect(read("run")).not.toBe(read("run"));
});

test("the store is asked for what is newer only where somebody else may have written", () => {
  let asked = 0;
  const counting: EngineStore = {
    ...store,
    runLog: {
      ...store.runLog,
      read: (...args) => {
        asked += 1;
        return store.runLog.read(...args);
      },
    },
  };
  read = sessionLogs(counting, sessions);
  sessions.set("run", {});
  store.runLog.append("run", [say("one")]);
  read("run");
  const before = asked;
  store.runLog.append("run", [say("two")]);
  expect(texts(read("run"))).toEqual(["one", "two"]);
  expect(asked).toBe(before);
  opened().runLog.append("run", [say("theirs")]);
  expect(texts(read("run"))).toEqual(["one", "two", "theirs"]);
  expect(asked).toBe(before + 1);
});
