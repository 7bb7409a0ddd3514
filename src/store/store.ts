import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import { type Approvals, createApprovals } from "./sqlite/approvals.ts";
import { type Audit, createAudit } from "./sqlite/audit.ts";
import { type DatabaseOptions, openDatabase } from "./sqlite/database.ts";
import { createIdempotency, type Idempotency } from "./sqlite/idempotency.ts";
import { migrate } from "./sqlite/migrations.ts";
import { createQueries } from "./sqlite/queries.ts";
import { createRunLog, type RunLog } from "./sqlite/run-log.ts";
import { createRuns, type RunRepository } from "./sqlite/runs.ts";
import type { Transactions } from "./sqlite/transactions.ts";

export interface StoreOptions extends Omit<DatabaseOptions, "path"> {
  /** The folder of the store; made if it is not there. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** Everything that AGENT-33 keeps. Several processes may have one folder open at once. */
export interface Store {
  readonly dataDir: string;
  readonly transactions: Transactions;
  readonly runs: RunRepository;
  readonly runLog: RunLog;
  readonly audit: Audit;
  readonly approvals: Approvals;
  readonly idempotency: Idempotency;
  close(): void;
}

/** The store's one file within the data folder. */
export const databaseFile = "agent33.db";

/**
 * Opens the store in a folder, making it and bringing its schema up to date as needed.
 * @throws Agent33Error `store.data_folder` where the folder cannot be made or written,
 * `store.newer_schema`, `store.not_a_store`, `store.old_sqlite`, other `store.*`
 */
export function openStore(options: StoreOptions): Store {
  const { dataDir, clock, ids, ...database } = options;
  makeFolder(dataDir);
  const open = openDatabase({ ...database, path: join(dataDir, databaseFile) });
  try {
    migrate(open, clock);
  } catch (error) {
    open.close();
    throw error;
  }
  const queries = createQueries(open.sql);
  return {
    dataDir,
    transactions: open,
    runs: createRuns(open, queries, clock),
    runLog: createRunLog(open, clock),
    audit: createAudit(open, queries),
    approvals: createApprovals(open, queries, clock, ids),
    idempotency: createIdempotency(open),
    close: () => open.close(),
  };
}

/** One folder after the other: Node's own recursive way never returns below `/proc`. */
function makeWithParents(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(path) !== path) makeWithParents(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it in between; a file in its place is an error all the same.
    if (systemCodeOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}

function makeFolder(dataDir: string): void {
  try {
    // Prompts and results are for this user's eyes.
    makeWithParents(dataDir);
  } catch (cause) {
    const why = systemCodeOf(cause) ?? messageOf(cause);
    throw new Agent33Error(
      "store.data_folder",
      `The data folder ${dataDir} cannot be made: ${why}.`,
      {
        hint: "Choose a folder that this user may write to with --data or AGENT33_DATA.",
        details: { dataDir },
        cause,
      },
    );
  }
}
