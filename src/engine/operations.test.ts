import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { testHost } from "../../test/support/engine.ts";
import { createOperations, type OperationTools } from "./operations.ts";

const by = { user: "u", key: "k" };
const backup = { area: "store", kind: "backup", tenant: "one", by } as const;
const opened = () => createOperations(testHost(temporaryFolder("operations")));

test("work goes on after it was begun, tells how far it is, and leaves its result", async () => {
  const operations = opened();
  const { promise, resolve } = Promise.withResolvers<object>();
  const seen = Promise.withResolvers<OperationTools>();
  const begun = operations.start(backup, (tools) => {
    seen.resolve(tools);
    return promise;
  });
  expect(begun).toMatchObject({ state: "running", progress: null, finishedAt: null });
  (await seen.promise).onProgress({ phase: "copying", done: 3 });
  expect(operations.find(backup, begun.id)).toMatchObject({ progress: { done: 3 } });
  resolve({ id: "b1" });
  await operations.close();
  expect(operations.find(backup, begun.id)).toMatchObject({
    state: "done",
    result: { id: "b1" },
    error: null,
    finishedAt: expect.any(Number),
  });
});

test("of one kind there is one at a time, of others and of other tenants there may be more", async () => {
  const operations = opened();
  const wait = (tools: OperationTools) =>
    new Promise((_, reject) => {
      tools.signal.addEventListener("abort", () => reject(new Error("ended")));
    });
  const { id } = operations.start(backup, wait);
  expect(() => operations.start(backup, wait)).toThrow(
    expect.objectContaining({ code: "engine.operation_running", details: { operation: id } }),
  );
  operations.start({ ...backup, kind: "check" }, wait);
  operations.start({ ...backup, tenant: "two" }, wait);
  await operations.close();
  expect(operations.find(backup, id)).toMatchObject({ state: "cancelled", error: null });
  expect(() => operations.start(backup, wait)).toThrow(
    expect.objectContaining({ code: "engine.closing" }),
  );
});

test("what fails says why, and what is cancelled is no failure", async () => {
  const operations = opened();
  const failed = operations.start(backup, () => Promise.reject(new TypeError("no")));
  await expect.poll(() => operations.find(backup, failed.id).state).toBe("failed");
  expect(operations.find(backup, failed.id).error).toMatchObject({ message: "no" });
  const ended = operations.start(backup, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    signal.throwIfAborted();
  });
  await Promise.resolve();
  operations.cancel(backup, ended.id);
  await expect.poll(() => operations.find(backup, ended.id).state).toBe("cancelled");
  expect(operations.cancel(backup, failed.id).state).toBe("failed");
  await operations.close();
});

test("they are listed newest first, each tenant's and area's alone, and the oldest are forgotten", async () => {
  const operations = opened();
  const other = operations.start({ ...backup, area: "policy" }, async () => 1);
  for (let count = 0; count < 205; count += 1) {
    operations.start({ ...backup, kind: `k${count}` }, async () => count);
  }
  await operations.close();
  const page = operations.list(backup, { limit: 2 });
  expect(page.map(({ kind }) => kind)).toEqual(["k204", "k203"]);
  const next = operations.list(backup, { limit: 500, before: page[1]?.number ?? 0 });
  expect(next).toHaveLength(198);
  expect(operations.list({ ...backup, tenant: "two" }, { limit: 5 })).toEqual([]);
  const unknown = expect.objectContaining({ code: "engine.unknown_operation" });
  expect(() => operations.find(backup, other.id)).toThrow(unknown);
  expect(() => operations.find({ ...backup, area: "policy" }, other.id)).toThrow(unknown);
  expect(() => operations.find({ ...backup, tenant: "two" }, page[0]?.id ?? "")).toThrow(unknown);
});
