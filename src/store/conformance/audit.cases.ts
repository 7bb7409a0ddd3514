import { expect } from "vitest";
import type { CallRecord } from "../../boundary/types.ts";
import { type Case, code } from "./suite.cases.ts";

/** A call's record with nothing special in it. */
export function callRecord(callId: string, change: Partial<CallRecord> = {}): CallRecord {
  return {
    callId,
    runId: "run",
    logicalCallId: `logical-${callId}`,
    at: 1000,
    principal: { tenant: "a", user: "me" },
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

const ids = (page: { readonly items: readonly { readonly callId: string }[] }): string[] =>
  page.items.map(({ callId }) => callId);

/** One row a call. */
export const auditCases: readonly Case[] = [
  {
    name: "completes an opened call",
    run: async ({ backend }) => {
      const { audit } = backend.tenant("a");
      await audit.open(callRecord("a"));
      expect(await audit.get("a")).toMatchObject({ state: "open", outcome: "open" });
      const closed = callRecord("a", {
        outcome: "boundary.transport",
        durationMs: 12.5,
        attempts: [{ startedAtMs: 1, durationMs: 12.5, outcome: "transport" }],
        error: { code: "boundary.transport" },
      });
      await audit.close(closed);
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
    },
  },
  {
    name: "keeps a call that was never opened, and a first end against a second",
    run: async ({ backend }) => {
      const { audit } = backend.tenant("a");
      await audit.close(callRecord("denied", { outcome: "boundary.policy_denied" }));
      await audit.close(callRecord("denied", { outcome: "ok" }));
      await audit.open(callRecord("denied"));
      expect(await audit.get("denied")).toMatchObject({
        state: "closed",
        outcome: "boundary.policy_denied",
      });
      expect(await audit.get("unknown")).toBeUndefined();
      expect(await audit.find("den")).toEqual(await audit.get("denied"));
      await expect(audit.find("unknown")).rejects.toEqual(code("store.unknown_call"));
    },
  },
  {
    name: "lists newest first, of one run where asked, page by page",
    run: async ({ backend }) => {
      const { audit } = backend.tenant("a");
      for (const callId of ["a", "b", "c", "d"]) {
        await audit.close(callRecord(callId, { runId: callId === "b" ? "other" : "run" }));
      }
      const { runId: _, ...loose } = callRecord("loose");
      await audit.close(loose);
      expect(ids(await audit.list())).toEqual(["loose", "d", "c", "b", "a"]);
      const first = await audit.list({ runId: "run", limit: 2 });
      expect(ids(first)).toEqual(["d", "c"]);
      const second = await audit.list({ runId: "run", limit: 2, cursor: first.nextCursor ?? "" });
      expect([ids(second), second.nextCursor]).toEqual([["a"], null]);
      expect((await audit.get("loose"))?.runId).toBeNull();
      await expect(audit.list({ cursor: "-1" })).rejects.toEqual(code("store.bad_cursor"));
    },
  },
  {
    name: "lists by connector, outcome, decision and time, and by several of them at once",
    run: async ({ backend }) => {
      const { audit } = backend.tenant("a");
      const decided = (effect: "allow" | "deny") => ({
        decision: { ...callRecord("x").decision, effect },
      });
      const make = (callId: string, fields: Partial<CallRecord>) =>
        audit.close(callRecord(callId, { outcome: "ok", ...fields }));
      await make("a", { at: 1000 });
      await make("b", { at: 2000, connector: "http:shop" });
      await make("c", { at: 3000, outcome: "boundary.transport", runId: "other" });
      await make("d", { at: 4000, outcome: "boundary.policy_denied", ...decided("deny") });
      await audit.open(callRecord("e", { at: 5000, connector: "http:shop" }));
      const of = async (filter: Parameters<typeof audit.list>[0]) => ids(await audit.list(filter));
      expect(await of({ connector: "http:shop" })).toEqual(["e", "b"]);
      expect(await of({ outcome: "ok" })).toEqual(["b", "a"]);
      expect(await of({ outcome: "open" })).toEqual(["e"]);
      expect(await of({ decision: "deny" })).toEqual(["d"]);
      expect(await of({ since: 2000, until: 4000 })).toEqual(["c", "b"]);
      expect(await of({ since: 4000 })).toEqual(["e", "d"]);
      expect(await of({ connector: "http:shop", outcome: "ok", until: 3000 })).toEqual(["b"]);
      expect(await of({ runId: "other", decision: "deny" })).toEqual([]);
      expect(await of({ connector: "http" })).toEqual([]);
    },
  },
  {
    name: "gives each connector's newest failure, of one tenant, without what waits for a person",
    run: async ({ backend }) => {
      const { audit } = backend.tenant("a");
      const make = (callId: string, connector: string, outcome: string) =>
        audit.close(callRecord(callId, { connector, outcome }));
      await make("a", "http:shop", "boundary.transport");
      await make("b", "http:shop", "boundary.timeout");
      await make("c", "http:shop", "ok");
      await make("d", "mcp:files", "boundary.policy_denied");
      await make("e", "mcp:files", "boundary.approval_required");
      await make("f", "web:pages", "ok");
      await audit.open(callRecord("g", { connector: "web:pages" }));
      await backend.tenant("b").audit.close(callRecord("h", { outcome: "boundary.timeout" }));
      const found = await audit.lastFailures();
      expect(found.map(({ callId, connector }) => [callId, connector])).toEqual([
        ["d", "mcp:files"],
        ["b", "http:shop"],
      ]);
    },
  },
];
