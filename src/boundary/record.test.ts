import { expect, test } from "vitest";
import { memoryAudit, testBoundary } from "../../test/support/boundary.ts";
import { options, read, spec, writeOnce } from "../../test/support/connector.ts";
import { digestOf } from "../base/digest.ts";
import type { AuditSink, ClosedCall } from "./ports.ts";

function batchingAudit(): AuditSink & { readonly soon: ClosedCall[] } {
  const { open, close } = memoryAudit();
  const soon: ClosedCall[] = [];
  return { open, close, soon, closeSoon: (call) => soon.push(call) };
}
const healthy = () => Promise.resolve("ok");

test("a sink that writes in batches gets reads as calls, and their records when it asks", async () => {
  const audit = batchingAudit();
  const { boundary } = testBoundary({ parts: { audit } });
  const before = Date.now();
  await boundary.connector(spec(healthy)).call("x", options);
  const after = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const record = audit.soon[0]?.record();
  expect(record).toMatchObject({
    outcome: "ok",
    operation: "get",
    argsDigest: digestOf(read.args),
    attempts: [{ startedAtMs: 0, outcome: "ok" }],
  });
  // The time is the call's, not that of the batch.
  expect(record?.at).toBeGreaterThanOrEqual(before - 1);
  expect(record?.at).toBeLessThanOrEqual(after + 1);
  expect(record?.durationMs).toBeLessThanOrEqual(after - before + 1);
  expect(audit.soon[0]?.record().callId).toBe(record?.callId);
});

test("anything but a read is given to every sink as a record, opened and closed", async () => {
  const audit = { ...batchingAudit(), ...memoryAudit() };
  const { boundary } = testBoundary({ parts: { audit } });
  await boundary.connector(spec(healthy, writeOnce)).call("x", options);
  expect(audit.opened).toHaveLength(1);
  expect(audit.closed).toMatchObject([{ outcome: "ok", idempotencyKey: expect.any(String) }]);
  expect(audit.soon).toEqual([]);
});

test("an outcome has the record that the audit has", async () => {
  const { boundary, audit } = testBoundary();
  const outcome = await boundary.connector(spec(healthy)).tryCall("x", options);
  expect(outcome.record).toEqual(audit.closed[0]);
});

test("a read whose arguments are no JSON is recorded with the reason in place of the digest", async () => {
  const { boundary, audit } = testBoundary();
  const facts = { ...read, args: { a: Number.NaN } };
  await boundary.connector(spec(healthy, facts)).call("x", options);
  expect(audit.closed[0]?.argsDigest).toMatch(/^none: /);
});

test("a write whose arguments are no JSON is not sent", async () => {
  const { boundary } = testBoundary();
  let reached = false;
  const facts = { ...writeOnce, args: { a: Number.NaN } };
  const connector = boundary.connector(
    spec(() => Promise.resolve(String((reached = true))), facts),
  );
  expect(await connector.tryCall("x", options)).toMatchObject({ ok: false });
  expect(reached).toBe(false);
});

test("a record is made once for the audit and for the outcome", async () => {
  const audit = batchingAudit();
  const { boundary } = testBoundary({ parts: { audit } });
  const outcome = await boundary.connector(spec(healthy)).tryCall("x", options);
  expect(audit.soon[0]?.record()).toBe(outcome.record);
});

test("a call whose record could not be kept says so in its own", async () => {
  const close = (): void => {
    throw new Error("no space left");
  };
  const { boundary } = testBoundary({ parts: { audit: { ...memoryAudit(), close } } });
  const outcome = await boundary.connector(spec(healthy)).tryCall("x", options);
  expect(outcome).toMatchObject({ ok: false, error: { code: "boundary.internal" } });
  expect(outcome.record).toMatchObject({
    outcome: "boundary.internal",
    error: { message: expect.stringContaining("no space left") },
  });
});
