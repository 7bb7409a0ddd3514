import { expect, test } from "vitest";
import type { StoredEvent } from "../events/event.ts";
import { carriedFold } from "./carried.ts";
import { growingLog } from "./log.fixture.ts";

function counting() {
  let folded = 0;
  const fold = carriedFold(() => {
    const state: { texts: string[] } = { texts: [] };
    const add = (event: StoredEvent): void => {
      folded += 1;
      if (event.type === "message.user") state.texts.push(event.text);
    };
    return { state, add };
  });
  return { fold, folded: () => folded };
}

const say = (count: number) => {
  const log = growingLog();
  for (let place = 0; place < count; place += 1)
    log.add({ type: "message.user", text: `${place}` });
  return log;
};
const all = Number.MAX_SAFE_INTEGER;

test("a log that has grown is folded from where it was, however long it is", () => {
  const { fold, folded } = counting();
  const log = say(1_000);
  fold(log.events, all, undefined);
  log.add({ type: "message.user", text: "new" });
  // As a store hands it out: another array of the same events.
  expect(fold([...log.events], all, undefined).texts).toHaveLength(1_001);
  expect(folded()).toBe(1_001);
});

test("an earlier place, and a log whose end was rolled back, are folded from the beginning", () => {
  const { fold } = counting();
  const { events } = say(5);
  expect(fold(events, all, undefined).texts).toHaveLength(5);
  expect(fold(events, 2, undefined).texts).toEqual(["0", "1"]);
  expect(fold(events, all, undefined).texts).toHaveLength(5);
  const [last] = say(1).events.map((event): StoredEvent => ({ ...event, seq: 5 }));
  const other = [...events.slice(0, 4), ...(last === undefined ? [] : [last])];
  expect(fold(other, all, undefined).texts).toEqual(["0", "1", "2", "3", "0"]);
});
