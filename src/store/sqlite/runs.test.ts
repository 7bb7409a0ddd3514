import { afterEach, beforeEach, expect, test } from "vitest";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";

let temporary: TemporaryStore;

beforeEach(() => {
  temporary = temporaryStore();
});

afterEach(() => temporary.remove());

test("keeps a run from its start to its end", () => {
  const { runs } = temporary.store;
  const startedAt = temporary.clock.now();
  const created = runs.create(newRun("a1"));
  expect(runs.get("a1")).toEqual(created);
  expect(created).toEqual({
    ...newRun("a1"),
    state: "running",
    outcome: null,
    startedAt,
    finishedAt: null,
    costMicroUsd: 0,
    unpricedCalls: 0,
  });
  temporary.clock.advance(1500);
  runs.finish("a1", { outcome: "verified", costMicroUsd: 1234, unpricedCalls: 2 });
  expect(runs.get("a1")).toEqual({
    ...created,
    state: "finished",
    outcome: "verified",
    finishedAt: startedAt + 1500,
    costMicroUsd: 1234,
    unpricedCalls: 2,
  });
});

test("parks a run and lets it go on", () => {
  const { runs } = temporary.store;
  runs.create(newRun("a1"));
  runs.finish("a1", { outcome: "parked", costMicroUsd: 5, unpricedCalls: 0 });
  expect(runs.get("a1")).toMatchObject({ state: "parked", outcome: "parked" });
  runs.reopen("a1");
  expect(runs.get("a1")).toMatchObject({ state: "running", outcome: null, finishedAt: null });
});

test("refuses the same id twice and an end of an unknown run", () => {
  const { runs } = temporary.store;
  runs.create(newRun("a1"));
  const code = (name: string) => expect.objectContaining({ code: name });
  expect(() => runs.create(newRun("a1"))).toThrowError(code("store.run_exists"));
  const end = { outcome: "failed", costMicroUsd: 0, unpricedCalls: 0 };
  expect(() => runs.finish("zz", end)).toThrowError(code("store.unknown_run"));
  expect(() => runs.reopen("zz")).toThrowError(code("store.unknown_run"));
  expect(runs.get("zz")).toBeUndefined();
});

test("lists newest first, page by page, each run once even while new ones come", async () => {
  const { runs } = temporary.store;
  for (let index = 0; index < 7; index += 1) runs.create(newRun(`run-${index}`));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await runs.list({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.items.map(({ id }) => id));
    runs.create(newRun(`later-${seen.length}`));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(["run-6", "run-5", "run-4", "run-3", "run-2", "run-1", "run-0"]);
  await expect(runs.list({ cursor: "x; DROP" })).rejects.toMatchObject({
    code: "store.bad_cursor",
  });
});

test("finds a run by the beginning of its id", async () => {
  const { runs } = temporary.store;
  for (const id of ["0198aa-1", "0198ab-1", "0198ab", "0300"]) runs.create(newRun(id));
  expect((await runs.find("03")).id).toBe("0300");
  expect((await runs.find(" 0198aa ")).id).toBe("0198aa-1");
  // A whole id is meant even where others begin with it.
  expect((await runs.find("0198ab")).id).toBe("0198ab");
  await expect(runs.find("0198")).rejects.toMatchObject({
    code: "store.ambiguous_id",
    details: { candidates: ["0198aa-1", "0198ab", "0198ab-1"] },
  });
  for (const unknown of ["0199", "", "0198aa-11", "%"]) {
    await expect(runs.find(unknown)).rejects.toMatchObject({ code: "store.unknown_run" });
  }
});
