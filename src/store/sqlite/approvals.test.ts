import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import type { Approvals, NewApproval } from "./approvals.ts";

let temporary: TemporaryStore;
let approvals: Approvals;

beforeEach(() => {
  temporary = temporaryStore();
  temporary.store.runs.create(newRun("run"));
  approvals = temporary.store.approvals;
});

afterEach(() => temporary.remove());

const lifeMs = 1000;
const now = (): number => temporary.clock.now();
const question = (digest: string): NewApproval => ({
  digest,
  runId: "run",
  summary: "Delete the file",
  ruleId: "default/delete",
  requestedAt: now(),
  expiresAt: now() + lifeMs,
});
const code = (name: string) => expect.objectContaining({ code: name });

test("asks once per call, however often it is asked, until it is answered for good", () => {
  const first = approvals.request(question("call"));
  expect(first.state).toBe("pending");
  expect(approvals.request(question("call"))).toEqual(first);
  expect(approvals.request(question("other")).id).not.toBe(first.id);
  approvals.decide(first.id, "approved", "me", now());
  expect(approvals.request(question("call"))).toEqual({ id: first.id, state: "approved" });
  approvals.consume(first.id, "call", now());
  expect(approvals.request(question("call")).id).not.toBe(first.id);
});

test("lets an approval be used once, for its own call only", () => {
  const { id } = approvals.request(question("call"));
  expect(approvals.consume(id, "call", now())).toBe("pending");
  approvals.decide(id, "approved", "me", now());
  expect(approvals.consume(id, "another call", now())).toBe("unknown");
  expect(approvals.consume("no such id", "call", now())).toBe("unknown");
  expect(approvals.consume(id, "call", now())).toBe("approved");
  expect(approvals.consume(id, "call", now())).toBe("consumed");
  approvals.restore(id);
  expect(approvals.consume(id, "call", now())).toBe("approved");
});

test("never lets a denied or an expired question through, and asks anew when its time is over", () => {
  const denied = approvals.request(question("denied"));
  approvals.decide(denied.id, "denied", "me", now());
  approvals.restore(denied.id);
  expect(approvals.consume(denied.id, "denied", now())).toBe("denied");
  expect(approvals.request(question("denied"))).toEqual({ id: denied.id, state: "denied" });
  const approved = approvals.request(question("slow"));
  approvals.decide(approved.id, "approved", "me", now());
  temporary.clock.advance(lifeMs);
  expect(approvals.consume(approved.id, "slow", now())).toBe("expired");
  expect(approvals.request(question("slow"))).toMatchObject({ state: "pending" });
  expect(approvals.request(question("denied")).id).not.toBe(denied.id);
});

test("takes one answer, and says why not a second", () => {
  const { id } = approvals.request(question("call"));
  const answered = approvals.decide(id, "approved", "me", now());
  expect(answered).toMatchObject({ state: "approved", decidedBy: "me", decidedAt: now() });
  expect(approvals.decide(id, "approved", "you", now())).toEqual(answered);
  expect(() => approvals.decide(id, "denied", "you", now())).toThrowError(
    code("store.approval_decided"),
  );
  expect(() => approvals.decide("none", "denied", "me", now())).toThrowError(
    code("store.unknown_approval"),
  );
  const late = approvals.request(question("late"));
  const deadline = now() + lifeMs;
  expect(() => approvals.decide(late.id, "approved", "me", deadline)).toThrowError(
    code("store.approval_expired"),
  );
});

test("shows questions by state and by the beginning of their id", async () => {
  const [a, b] = [approvals.request(question("a")), approvals.request(question("b"))];
  approvals.decide(b.id, "denied", "me", now());
  expect((await approvals.list()).map(({ id }) => id)).toEqual([a.id, b.id]);
  expect((await approvals.list({ state: "pending" })).map(({ id }) => id)).toEqual([a.id]);
  expect(await approvals.find(a.id.slice(0, -3))).toMatchObject({
    id: a.id,
    summary: "Delete the file",
  });
  await expect(approvals.find(a.id.slice(0, 4))).rejects.toMatchObject({
    code: "store.ambiguous_id",
  });
  await expect(approvals.find("nope")).rejects.toMatchObject({ code: "store.unknown_approval" });
  temporary.clock.advance(lifeMs);
  expect((await approvals.list({ state: "expired" })).map(({ id }) => id)).toEqual([a.id]);
  expect(await approvals.list({ state: "pending" })).toEqual([]);
});

test("in any order of asking, answering and using, one yes is one call", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom("request", "consume") }),
    fc.record({ do: fc.constantFrom("approve", "deny") }),
    fc.record({ do: fc.constant("wait"), ms: fc.integer({ min: 1, max: lifeMs }) }),
  );
  let round = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      round += 1;
      const digest = `digest-${round}`;
      const ids = new Set<string>();
      const [yes, used] = [new Set<string>(), new Set<string>()];
      for (const one of steps) {
        if ("ms" in one) temporary.clock.advance(one.ms);
        if (one.do === "request") ids.add(approvals.request(question(digest)).id);
        for (const id of ids) {
          if (one.do === "consume" && approvals.consume(id, digest, now()) === "approved") {
            expect(used.has(id)).toBe(false);
            expect(yes.has(id)).toBe(true);
            used.add(id);
          }
          if (one.do === "approve" || one.do === "deny") {
            try {
              const decision = one.do === "approve" ? "approved" : "denied";
              if (approvals.decide(id, decision, "me", now()).state === "approved") yes.add(id);
            } catch (error) {
              expect((error as { code: string }).code).toMatch(
                /^store\.approval_(decided|expired)$/,
              );
            }
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});
