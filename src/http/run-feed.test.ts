import { describe, expect, test } from "vitest";
import { systemClock } from "../base/clock.ts";
import { openStore } from "../store/store.ts";
import { newRun } from "../store/store.fixture.ts";
import { storeOf } from "../engine/tenant-store.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { testHost } from "../../test/support/engine.ts";
import { joinFeed } from "./run-feed.ts";

/** A store in a folder, as one process has it. */
function opened(dataDir: string) {
  const { ids } = testHost(dataDir);
  const store = openStore({ dataDir, clock: systemClock, ids, synchronous: "normal" });
  return { ...storeOf(store, "a"), close: () => store.close() };
}

const say = (text: string) => ({ type: "message.user", text }) as const;

describe("a feed", () => {
  test("tells at once of what this process writes, in order and once", () => {
    const store = opened(temporaryFolder("feed"));
    store.runs.create(newRun("run"));
    store.runLog.append("run", [say("a"), say("b")]);
    let told = 0;
    const feed = joinFeed(store, "run", () => (told += 1));
    expect(feed.after(0).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(feed.after(2)).toEqual([]);
    store.runLog.append("run", [say("c")]);
    expect(told).toBe(1);
    expect(feed.after(2).map(({ seq }) => seq)).toEqual([3]);
    expect(feed.after(1).map(({ seq }) => seq)).toEqual([2, 3]);
    feed.leave();
    store.runLog.append("run", [say("d")]);
    expect(told).toBe(1);
    store.close();
  });

  test("makes an event once for all who follow", () => {
    const store = opened(temporaryFolder("feed"));
    store.runs.create(newRun("run"));
    const [one, other] = [joinFeed(store, "run", () => {}), joinFeed(store, "run", () => {})];
    store.runLog.append("run", [say("a")]);
    expect(one.after(0)[0]?.item).toBe(other.after(0)[0]?.item);
    one.leave();
    store.runLog.append("run", [say("b")]);
    expect(other.after(1).map(({ seq }) => seq)).toEqual([2]);
    other.leave();
    store.close();
  });

  test("leaves no gap where another process wrote before this one", () => {
    const folder = temporaryFolder("feed");
    const [here, there] = [opened(folder), opened(folder)];
    here.runs.create(newRun("run"));
    here.runLog.append("run", [say("a")]);
    const feed = joinFeed(here, "run", () => {});
    expect(feed.after(0).map(({ seq }) => seq)).toEqual([1]);
    there.runLog.append("run", [say("b")]);
    here.runLog.append("run", [say("c")]);
    expect(feed.after(1).map(({ seq }) => seq)).toEqual([2, 3]);
    feed.leave();
    here.close();
    there.close();
  });

  test("tells of what only another process writes when it looks", async () => {
    const folder = temporaryFolder("feed");
    const [here, there] = [opened(folder), opened(folder)];
    here.runs.create(newRun("run"));
    here.runLog.append("run", [say("a")]);
    const heard = Promise.withResolvers<void>();
    const feed = joinFeed(here, "run", heard.resolve);
    feed.after(0);
    there.runLog.append("run", [say("b")]);
    await heard.promise;
    expect(feed.after(1).map(({ seq }) => seq)).toEqual([2]);
    feed.leave();
    here.close();
    there.close();
  });

  test("gives to who is far behind page after page, and keeps no more than the last", () => {
    const store = opened(temporaryFolder("feed"));
    store.runs.create(newRun("run"));
    const feed = joinFeed(store, "run", () => {});
    const texts = Array.from({ length: 700 }, (_, index) => say(String(index)));
    for (const text of texts) store.runLog.append("run", [text]);
    let place = 0;
    const sizes: number[] = [];
    for (let page = feed.after(place); page.length > 0; page = feed.after(place)) {
      expect(page[0]?.seq).toBe(place + 1);
      place = page.at(-1)?.seq ?? place;
      sizes.push(page.length);
    }
    expect(place).toBe(700);
    expect(Math.max(...sizes)).toBe(256);
    feed.leave();
    store.close();
  });
});
