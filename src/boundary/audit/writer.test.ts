import { expect, test } from "vitest";
import { Agent33Error } from "../../base/errors.ts";
import { callRecord } from "../../store/conformance/audit.cases.ts";
import type { ClosedCall } from "../ports.ts";
import type { CallRecord } from "../types.ts";
import { createAuditWriter } from "./writer.ts";

const read = (callId: string): CallRecord =>
  callRecord(callId, { effect: "read", repeat: "safe", outcome: "ok" });

const soon = (callId: string): ClosedCall => ({ record: () => read(callId) });

function bench() {
  const log: string[] = [];
  const warnings: string[] = [];
  const told: string[] = [];
  let broken = false;
  const full = () => new Agent33Error("store.full", "The disk is full.");
  const put = (how: string) => (record: CallRecord) => {
    if (broken) throw full();
    log.push(`${how} ${record.callId}`);
  };
  const writer = createAuditWriter({
    targetOf: () => ({
      now: { open: put("open"), close: put("close") },
      later: {
        open: async (record) => put("later open")(record),
        close: async (record) => put("later")(record),
      },
    }),
    onRecord: (tenant) => told.push(tenant),
    warn: (message) => warnings.push(message),
  });
  const breakStore = (is: boolean) => {
    broken = is;
  };
  return { writer, sink: writer.sink("a"), log, warnings, told, breakStore };
}

test("commits whatever is no read at once, and reads together later", async () => {
  const { writer, sink, log, told } = bench();
  sink.closeSoon(soon("1"));
  sink.open(callRecord("2"));
  sink.close(callRecord("2", { outcome: "ok" }));
  sink.close(callRecord("3", { effect: "unknown" }));
  sink.close(callRecord("4", { effect: "read", repeat: "once" }));
  expect(log).toEqual(["open 2", "close 2", "close 3", "close 4"]);
  expect(writer.waiting).toBe(1);
  sink.closeSoon(soon("5"));
  await writer.flush();
  expect(log.slice(4)).toEqual(["later 1", "later 5"]);
  expect(writer.waiting).toBe(0);
  expect(told).toHaveLength(6);
});

test("tells of acts that came side by side once they are committed, and of none that failed", async () => {
  const { writer, log, told, breakStore } = bench();
  const { open, close } = writer.together("a");
  await open(callRecord("1"));
  await close(callRecord("1", { outcome: "ok" }));
  expect({ log, told }).toEqual({ log: ["later open 1", "later 1"], told: ["a", "a"] });
  breakStore(true);
  await expect(open(callRecord("2"))).rejects.toMatchObject({ code: "store.full" });
  expect(told).toHaveLength(2);
});

test("does not let many reads wait for the time to be over", async () => {
  const { writer, sink, log } = bench();
  for (let index = 0; index < 300; index += 1) sink.closeSoon(soon(`${index}`));
  await new Promise((resolve) => setImmediate(resolve));
  expect(log.length).toBeGreaterThanOrEqual(256);
  await writer.flush();
  expect(log.map((line) => Number(line.split(" ")[1]))).toEqual(
    Array.from({ length: 300 }, (_, index) => index),
  );
});

test("keeps reads that the store does not take, says so once, and writes them when it does", async () => {
  const { writer, sink, log, warnings, breakStore } = bench();
  breakStore(true);
  sink.closeSoon(soon("1"));
  await writer.flush();
  sink.closeSoon(soon("2"));
  await writer.flush();
  expect(warnings).toEqual([
    "The audit of 1 reads could not be written yet: store.full: The disk is full.",
  ]);
  expect(writer.waiting).toBe(2);
  breakStore(false);
  await writer.flush();
  expect(log).toEqual(["later 1", "later 2"]);
  expect(writer.waiting).toBe(0);
});

test("lets a read fail where no more can wait", async () => {
  const { writer, sink, breakStore } = bench();
  breakStore(true);
  for (let index = 0; index < 4096; index += 1) sink.closeSoon(soon(`${index}`));
  await writer.flush();
  expect(writer.waiting).toBe(4096);
  expect(() => sink.closeSoon(soon("one too many"))).toThrowError("The disk is full.");
  breakStore(false);
  await writer.flush();
  expect(writer.waiting).toBe(0);
});

test("writes what came while it was writing, and nothing twice", async () => {
  const { writer, sink, log, breakStore } = bench();
  const turn = () => Promise.resolve();
  for (const broken of [false, true]) {
    breakStore(broken);
    sink.closeSoon(soon(`1 ${broken}`));
    const first = writer.flush();
    // In whatever moment of the writing it comes.
    for (let moment = 2; moment < 12; moment += 1) {
      await turn();
      sink.closeSoon(soon(`${moment} ${broken}`));
    }
    await Promise.all([first, writer.flush(), writer.flush()]);
  }
  breakStore(false);
  await writer.flush();
  expect(writer.waiting).toBe(0);
  expect(log).toEqual(
    [false, true].flatMap((broken) =>
      Array.from({ length: 11 }, (_, index) => `later ${index + 1} ${broken}`),
    ),
  );
});
