import { afterEach, beforeEach, expect, test } from "vitest";
import type { CallRecord } from "../../boundary/types.ts";
import { type TemporaryStore, temporaryStore } from "../store.fixture.ts";

let temporary: TemporaryStore;

beforeEach(() => {
  temporary = temporaryStore();
});

afterEach(() => temporary.remove());

function record(callId: string, change: Partial<CallRecord> = {}): CallRecord {
  return {
    callId,
    runId: "run",
    logicalCallId: `logical-${callId}`,
    at: 1000,
    principal: { tenant: "local", user: "me" },
    connector: "mcp:filesystem",
    operation: "tools/call",
    effect: "write",
    repeat: "once",
    decision: {
      effect: "allow",
      ruleId: "default/write",
      matched: ["default/write"],
      policyVersion: "v",
    },
    attempts: [],
    durationMs: 0,
    outcome: "open",
    ...change,
  };
}

test("completes an opened call, and a process that dies between leaves it open", async () => {
  const { audit } = temporary.store;
  audit.open(record("a"));
  expect(await temporary.reopen().audit.get("a")).toMatchObject({ state: "open", outcome: "open" });
  const closed = record("a", {
    outcome: "boundary.transport",
    durationMs: 12.5,
    attempts: [{ startedAtMs: 1, durationMs: 12.5, outcome: "transport" }],
    error: { code: "boundary.transport" },
  });
  audit.close(closed);
  expect(await audit.get("a")).toEqual({
    callId: "a",
    runId: "run",
    at: 1000,
    state: "closed",
    connector: "mcp:filesystem",
    operation: "tools/call",
    decision: "allow",
    ruleId: "default/write",
    outcome: "boundary.transport",
    record: closed,
  });
});

test("keeps a call that was never opened, and a first end against a second", async () => {
  const { audit } = temporary.store;
  audit.close(record("denied", { outcome: "boundary.policy_denied" }));
  audit.close(record("denied", { outcome: "ok" }));
  audit.open(record("denied"));
  expect(await audit.get("denied")).toMatchObject({
    state: "closed",
    outcome: "boundary.policy_denied",
  });
  expect(await audit.get("unknown")).toBeUndefined();
});

test("lists newest first, of one run where asked, page by page", async () => {
  const { audit } = temporary.store;
  for (const callId of ["a", "b", "c", "d"]) {
    audit.close(record(callId, { runId: callId === "b" ? "other" : "run" }));
  }
  const { runId: _, ...loose } = record("loose");
  audit.close(loose);
  const ids = (page: { readonly items: readonly { readonly callId: string }[] }) =>
    page.items.map(({ callId }) => callId);
  expect(ids(await audit.list())).toEqual(["loose", "d", "c", "b", "a"]);
  const first = await audit.list({ runId: "run", limit: 2 });
  expect(ids(first)).toEqual(["d", "c"]);
  const second = await audit.list({ runId: "run", limit: 2, cursor: first.nextCursor ?? "" });
  expect([ids(second), second.nextCursor]).toEqual([["a"], null]);
  expect((await audit.get("loose"))?.runId).toBeNull();
});
