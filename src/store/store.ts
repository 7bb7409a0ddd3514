import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { makeFolder } from "../base/disk.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import type { StoredEvent } from "../events/event.ts";
import type { Backend, BusyNotice } from "./backend.ts";
import { damagedStore } from "./check.ts";
import { createHistory, journalFailure, openJournal } from "./journal/journal-file.ts";
import { beginHistory } from "./journal/position.ts";
import { countingRecorder, journalRecorder } from "./journal/recorder.ts";
import { journalFolder } from "./journal/segments.ts";
import { drive } from "./program.ts";
import { lookAtStart } from "./recovery/start-look.ts";
import { type SyncTenantStore, syncRepositories } from "./repositories/index.ts";
import { answerOf } from "./sqlite/answer.ts";
import { createSqliteBackend } from "./sqlite/backend.ts";
import {
  type Database,
  type DatabaseOptions,
  defaultBusyTimeoutMs,
  inMemory,
  openDatabase,
} from "./sqlite/database.ts";
import { migrations } from "./schema/migrations.ts";
import { createLogEnds } from "./sqlite/log-ends.ts";
import { checkVersion, migrate } from "./sqlite/migrations.ts";
import type { Transactions } from "./sqlite/transactions.ts";

export interface StoreOptions extends Omit<DatabaseOptions, "path" | "clock" | "now"> {
  /** The folder of the store, made if it is not there; or `:memory:`. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** How long the start may look for damage. Milliseconds, default 100; 0 is not at all. */
  readonly startCheckMs?: number;
  /** Opens a store only to be read, a damaged one too; every write is refused with `store.damaged`. */
  readonly readOnly?: boolean;
  /** Told when writers wait long for another process's lock. */
  readonly onBusy?: (notice: BusyNotice) => void;
  /**
   * Whether what is committed is written to the journal in the store's folder too. Default: where
   * there is a journal already.
   */
  readonly journal?: boolean;
  /** Told when the journal stops being whole or cannot be written; the store goes on. */
  readonly onJournalTrouble?: (error: Agent33Error) => void;
}

/** Told of events of one tenant that have been committed. */
export type AppendListener = (events: readonly StoredEvent[], tenant: string) => void;

/**
 * A store on this machine: everything that AGENT-33 keeps. Several processes may have one folder
 * open at once.
 */
export interface Store {
  readonly dataDir: string;
  readonly transactions: Transactions;
  /** One tenant's rows, over promises. Writes of many callers are committed together. */
  readonly backend: Backend;
  /**
   * One tenant's rows, where each function has committed, or has joined the open transaction.
   * @throws Agent33Error `store.bad_tenant`
   */
  tenant(tenant: string): SyncTenantStore;
  /**
   * Tells of events that this process appended to run logs through {@link tenant} once they are
   * committed, in order, with the tenant whose they are; rolled back ones are never told. Returns
   * the function that ends it.
   */
  onAppend(listener: AppendListener): () => void;
  /** Ends at once; promises of {@link backend} that are open fail. */
  close(): void;
}

/** The store's one file within the data folder. */
export const databaseFile = "agent33.db";

/**
 * Opens the store in a folder, making it as needed.
 * @throws Agent33Error `store.data_folder` where the folder cannot be made or written,
 * `store.corrupt`, `store.older_schema`, `store.newer_schema`, `store.not_a_store`,
 * `store.old_sqlite`, other `store.*`
 */
export function openStore(options: StoreOptions): Store {
  const { dataDir, clock, ids, onBusy, startCheckMs = 100, readOnly = false, ...rest } = options;
  if (dataDir !== inMemory) makeDataFolder(dataDir);
  const path = dataDir === inMemory ? inMemory : join(dataDir, databaseFile);
  const busy = onBusy === undefined ? {} : { onBusy };
  // A journal is not gone on with for a store that is damaged.
  if (path !== inMemory && startCheckMs > 0 && !readOnly) {
    const budgetMs = startCheckMs;
    const { busyTimeoutMs = defaultBusyTimeoutMs } = options;
    const journal = join(dataDir, journalFolder);
    const problems = lookAtStart({ path, journal, clock, budgetMs, busyTimeoutMs });
    if (problems.length > 0) throw damagedStore(path, problems);
  }
  const now = (): number => clock.now();
  const database = openDatabase({ ...rest, ...busy, path, readOnly, now });
  try {
    const found = checkVersion(database);
    if (found > 0 && found < migrations.length) throw olderSchema(path, found);
    if (readOnly) database.seal();
    else prepare(database, found === 0, options);
  } catch (error) {
    database.close();
    throw error;
  }
  const listeners = new Set<AppendListener>();
  const tenants = new Map<string, SyncTenantStore>();
  const logEnds = createLogEnds(database);
  return {
    dataDir,
    transactions: database,
    backend: createSqliteBackend({ database, clock, ids, logEnds, ...busy }),
    tenant: (tenant) => {
      const known = tenants.get(tenant);
      if (known !== undefined) return known;
      const made = tellingAppends(
        database,
        syncRepositories({ tenant, clock, ids, logEnds }, (kind, make) =>
          kind === "read"
            ? database.snapshot((sql) => drive(make(), (statement) => answerOf(sql, statement)))
            : database.transaction((sql) => drive(make(), (statement) => answerOf(sql, statement))),
        ),
        (events) => {
          for (const listener of listeners) {
            database.afterCommit(() => listener(events, tenant));
          }
        },
      );
      tenants.set(tenant, made);
      return made;
    },
    onAppend: (listener) => {
      // Its own function, so that one listener given twice is two subscriptions.
      const subscription: AppendListener = (...told) => listener(...told);
      listeners.add(subscription);
      return () => {
        listeners.delete(subscription);
      };
    },
    close: () => database.close(),
  };
}

/** Makes a new store's tables, and from here on the journal's lines. */
function prepare(database: Database, isEmpty: boolean, options: StoreOptions): void {
  const { dataDir, clock, ids, onJournalTrouble = () => undefined } = options;
  const folder = join(dataDir, journalFolder);
  const journaled = dataDir !== inMemory && (options.journal ?? existsSync(folder));
  if (isEmpty) {
    database.transaction((sql) => {
      // Another process may have made it meanwhile.
      if (migrate(database, clock) === 0 || !journaled) return;
      const history = ids();
      try {
        createHistory(folder, { history, at: clock.now(), seq: 0, parent: null, empty: true });
      } catch (error) {
        // The store is made all the same, and the journal begins with its first change.
        onJournalTrouble(journalFailure(folder, error));
        return;
      }
      beginHistory(sql, { history, seq: 0 });
    });
  }
  database.seal();
  if (dataDir === inMemory) return;
  database.record((sql) => {
    if (!journaled) return countingRecorder(sql);
    const schema = migrations.length;
    const file = openJournal({ folder, clock, ids, schema, onTrouble: onJournalTrouble });
    return journalRecorder(sql, file);
  });
}

/** The error for a store that must be brought up to date first, which takes a backup. */
function olderSchema(path: string, found: number): Agent33Error {
  return new Agent33Error(
    "store.older_schema",
    `The store ${path} has schema version ${found}; this AGENT-33 works with version ${migrations.length}.`,
    {
      hint: `Bring it up to date: agent33 store migrate ${dirname(path)} (it makes a verified backup first; with --dry-run it only shows what it would do).`,
      details: { path, found, known: migrations.length },
    },
  );
}

function tellingAppends(
  database: Database,
  rows: SyncTenantStore,
  appended: (events: readonly StoredEvent[]) => void,
): SyncTenantStore {
  return {
    ...rows,
    runLog: {
      ...rows.runLog,
      append: (runId, events, options) =>
        database.transaction(() => {
          const stored = rows.runLog.append(runId, events, options);
          if (stored.length > 0) appended(stored);
          return stored;
        }),
    },
  };
}

function makeDataFolder(dataDir: string): void {
  try {
    makeFolder(dataDir);
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
