import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "../base/clock.ts";
import { uuidv7Source } from "../base/ids.ts";
import { seededRandom } from "../base/random.ts";
import { openStore } from "../store/store.ts";
import type { DurableHarness, EngineInstance } from "./conformance.ts";
import type { SqlSession, TransactionRunner } from "./ports.ts";
import { createSqliteDurable, type SqliteDurableOptions } from "./sqlite.ts";

/** When a process dies, counted in transactions of its own from 1. */
interface Death {
  readonly transaction: number;
  /** Whether that transaction still commits. */
  readonly when: "before" | "after";
}

export interface SqliteHarness extends DurableHarness {
  mortal(workflows: SqliteDurableOptions["workflows"], death?: Death): EngineInstance;
  /** Keys of the steps whose end the journal holds. */
  finishedKeys(runId: string): readonly string[];
}

const leaseMs = 15_000;

/** A store in a new folder, and engines over it that can be killed. */
export function sqliteHarness(): SqliteHarness {
  const dataDir = mkdtempSync(join(tmpdir(), "agent33-durable-"));
  const clock = manualClock();
  const ids = uuidv7Source(clock, seededRandom(1));
  // NORMAL spares the disk; no test here cuts the power.
  const store = openStore({ dataDir, clock, ids, synchronous: "normal" });
  const instances: EngineInstance[] = [];

  const mortal: SqliteHarness["mortal"] = (workflows, death) => {
    let dead = false;
    let count = 0;
    const mortally =
      (run: TransactionRunner["transaction"]) =>
      <T>(work: (sql: SqlSession) => T): T => {
        count += 1;
        const last = count === death?.transaction;
        if (last && death.when === "before") dead = true;
        if (dead) throw new Error("this process is dead");
        const result = run(work);
        if (last) {
          dead = true;
          throw new Error("this process is dead");
        }
        return result;
      };
    const { transaction, transactionNow } = store.transactions;
    const transactions: TransactionRunner = {
      transaction: mortally(transaction),
      transactionNow: mortally(transactionNow),
      snapshot: (work) => {
        if (dead) throw new Error("this process is dead");
        return store.transactions.snapshot(work);
      },
    };
    const durable = createSqliteDurable({
      transactions,
      clock,
      owner: `${process.pid}-${instances.length}`,
      workflows,
      leaseMs,
      pollMs: 20,
      cancelGraceMs: 200,
      closeGraceMs: 50,
    });
    const instance: EngineInstance = {
      durable,
      crash: () => {
        dead = true;
      },
    };
    instances.push(instance);
    return instance;
  };
  return {
    leaseMs,
    instance: (workflows) => mortal(workflows),
    mortal,
    finishedKeys: (runId) =>
      store.transactions
        .transaction((sql) =>
          sql.all(
            "SELECT position FROM durable_steps WHERE run_id = ? AND state <> 'started'",
            runId,
          ),
        )
        .map(({ position }) => `${runId}/${String(position)}`),
    advance: (ms) => clock.advance(ms),
    dispose: async () => {
      for (const { durable } of instances) await durable.close();
      store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
