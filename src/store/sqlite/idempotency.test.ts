import { afterEach, beforeEach, expect, test } from "vitest";
import { type TemporaryStore, temporaryStore } from "../store.fixture.ts";

let temporary: TemporaryStore;

beforeEach(() => {
  temporary = temporaryStore();
});

afterEach(() => temporary.remove());

test("knows whether a call was started before, in another process too", () => {
  const [here, there] = [temporary.store.idempotency, temporary.reopen().idempotency];
  expect(here.reserve("key", "run", 1)).toBe("fresh");
  expect(there.reserve("key", "run", 2)).toBe("started");
  here.finish("key", 3);
  expect(there.reserve("key", undefined, 4)).toBe("finished");
});

test("forgets a call that was never sent, and no other", () => {
  const { idempotency } = temporary.store;
  idempotency.reserve("unsent", undefined, 1);
  idempotency.release("unsent");
  expect(idempotency.reserve("unsent", undefined, 2)).toBe("fresh");
  idempotency.finish("done", 3);
  idempotency.release("done");
  expect(idempotency.reserve("done", undefined, 4)).toBe("finished");
});
