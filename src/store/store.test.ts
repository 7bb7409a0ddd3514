import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../base/clock.ts";
import type { ApprovalStore, AuditSink, IdempotencyLedger } from "../boundary/ports.ts";
import type { TransactionRunner } from "../durable/ports.ts";
import { databaseFile, openStore, type Store } from "./store.ts";
import { newRun, type TemporaryStore, temporaryStore } from "./store.fixture.ts";

let root = "";
let temporary: TemporaryStore | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "agent33-store-test-"));
});

afterEach(() => {
  temporary?.remove();
  temporary = undefined;
  rmSync(root, { recursive: true, force: true });
});

function open(dataDir: string): Store {
  return openStore({ dataDir, clock: systemClock, ids: () => "id" });
}

describe("openStore", () => {
  test("makes the folder, for its owner only, and keeps what is written", () => {
    const dataDir = join(root, "deep", "data");
    const first = open(dataDir);
    first.runs.create(newRun("one"));
    first.close();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const second = open(dataDir);
    expect(second.runs.get("one")?.spec).toEqual(newRun("one").spec);
    second.close();
  });

  test("says which folder cannot be made and what to do", () => {
    const file = join(root, "file");
    writeFileSync(file, "in the way");
    for (const dataDir of [file, join(file, "data")]) {
      expect(() => open(dataDir)).toThrowError(
        expect.objectContaining({
          code: "store.data_folder",
          message: expect.stringContaining(dataDir),
          hint: expect.stringContaining("--data"),
        }),
      );
    }
  });

  test("refuses another program's database and leaves it as it is", () => {
    const path = join(root, databaseFile);
    const foreign = Buffer.from(
      "this is not a database at all, not even nearly so, just text ".repeat(20),
    );
    writeFileSync(path, foreign);
    expect(() => open(root)).toThrowError(expect.objectContaining({ code: "store.not_a_store" }));
    expect(readFileSync(path).equals(foreign)).toBe(true);
  });

  test("fits the ports of the rooms that it serves", () => {
    temporary = temporaryStore();
    const { store } = temporary;
    const sink: AuditSink = store.audit;
    const approvals: ApprovalStore = store.approvals;
    const ledger: IdempotencyLedger = store.idempotency;
    const transactions: TransactionRunner = store.transactions;
    expect(ledger.reserve("key", undefined, 1)).toBe("fresh");
    expect(transactions.transaction((sql) => sql.get("SELECT 1 AS one"))).toEqual({ one: 1 });
    expect([typeof sink.open, typeof approvals.request]).toEqual(["function", "function"]);
  });

  test("shows one opening what another has written", () => {
    temporary = temporaryStore();
    const other = temporary.reopen();
    temporary.store.runs.create(newRun("one"));
    other.runLog.append("one", [{ type: "message.user", text: "from the other" }]);
    expect(temporary.store.runLog.read("one")).toMatchObject([{ seq: 1, text: "from the other" }]);
  });
});
