import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { isAgent33Error } from "../../../src/base/errors.ts";
import { uuidv7Source } from "../../../src/base/ids.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { parseNewLesson } from "../../../src/learning/lesson.ts";
import { parseNewSignal } from "../../../src/learning/signal.ts";
import { callRecord } from "../../../src/store/conformance/audit.cases.ts";
import type { Page } from "../../../src/store/pages.ts";
import type { SyncTenantStore } from "../../../src/store/repositories/index.ts";
import { spellingOf } from "../../../src/store/seals/seal.ts";
import { sealedTables } from "../../../src/store/seals/sealed-tables.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { migrate } from "../../../src/store/sqlite/migrations.ts";
import { newRun } from "../../../src/store/store.fixture.ts";
import { databaseFile, openStore, type Store } from "../../../src/store/store.ts";

const tenant = "acme";
/** So that the write-ahead log has many commits. */
const rowsAtOnce = 100;
const text = "What was seen, told at some length so that a row is as long as rows are. ".repeat(4);

/** Some of everything; about 10,000 rows where `share` is 1. */
export async function fill(
  dataDir: string,
  share: number,
  name: string,
  journal = false,
): Promise<Store> {
  const ids = uuidv7Source(systemClock, systemRandom);
  const store = openStore({ dataDir, clock: systemClock, ids, synchronous: "normal", journal });
  const rows = store.tenant(tenant);
  const times = (count: number): readonly number[] =>
    Array.from({ length: Math.round(count * share) }, (_, index) => index);
  const inTurn = (count: number, write: (index: number) => void): void => {
    const all = times(count);
    for (let from = 0; from < all.length; from += rowsAtOnce) {
      store.transactions.transaction(() => all.slice(from, from + rowsAtOnce).forEach(write));
    }
  };
  inTurn(30, (index) => {
    const id = `${name}-run-${index}`;
    rows.runs.create(newRun(id));
    const events = Array.from({ length: 50 }, (_, place) => ({
      type: "message.user" as const,
      text: `${text}${place}${place % 25 === 0 ? text.repeat(20) : ""}`,
    }));
    rows.runLog.append(id, events);
  });
  inTurn(7000, (index) => {
    const summary = `${name} ${index}: ${text}`;
    const source = `source-${index % 40}`;
    const signal = { type: "bug", severity: "low", summary, source, details: text } as const;
    rows.signals.record(parseNewSignal(signal), { dedupeWindowMs: 0 });
  });
  inTurn(1000, (index) => {
    const at = systemClock.now();
    rows.audit.close(callRecord(`${name}-call-${index}`, { at, outcome: "ok" }));
  });
  inTurn(400, (index) => {
    const lesson = { eventType: "failure", title: `${name} ${index}`, what: text } as const;
    rows.lessons.create(parseNewLesson({ ...lesson, recordedBy: "ann" }));
  });
  return store;
}

/** The rows of a sound file by table and key, each as its spelling. */
export function rowsOf(path: string): ReadonlyMap<string, string> {
  const database = openDatabase({ path });
  const rows = new Map<string, string>();
  try {
    migrate(database, systemClock);
    for (const { name, columns, key, reals } of sealedTables) {
      for (const row of database.sql.all(`SELECT ${columns.join(", ")} FROM main.${name}`)) {
        const place = [name, ...key.map((column) => String(row[column]))].join(" ");
        rows.set(
          place,
          spellingOf(
            columns.map((column) => row[column] ?? null),
            reals.length,
          ),
        );
      }
    }
  } finally {
    database.close();
  }
  return rows;
}

/** What the functions of a store answer, record by record, and what they refuse. */
export interface Served {
  readonly records: ReadonlyMap<string, string>;
  /** Damaged rows that were named, and answers that were refused with a typed error. */
  readonly named: number;
  readonly refused: readonly string[];
  /** Whether the list of signals and their summary have not as many, and nothing was named. */
  readonly short: boolean;
}

/** Why a store is not opened; undefined where it is. */
export function refusalOf(dataDir: string): string | undefined {
  try {
    openStore({ dataDir, clock: systemClock, ids: () => "id" }).close();
    return undefined;
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    return error.code;
  }
}

/**
 * Reads all that a store's lists and logs have, without the look for damage at the start, as where
 * the file is damaged while it is in use. @throws what opening the store throws
 */
export function served(dataDir: string): Served {
  const store = openStore({ dataDir, clock: systemClock, ids: () => "id", startCheckMs: 0 });
  const records = new Map<string, string>();
  const refused: string[] = [];
  let named = 0;
  let short = false;
  const ask = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!isAgent33Error(error)) throw error;
      refused.push(error.code);
      return undefined;
    }
  };
  const all = <T>(
    kind: string,
    list: (cursor: string | undefined) => Page<T>,
    id: (item: T) => string,
  ) => {
    let cursor: string | undefined;
    do {
      const page = ask(() => list(cursor));
      for (const item of page?.items ?? [])
        records.set(`${kind} ${id(item)}`, JSON.stringify(item));
      named += page?.damaged?.length ?? 0;
      const next = page?.nextCursor ?? undefined;
      cursor = next === cursor ? undefined : next;
    } while (cursor !== undefined);
  };
  try {
    const rows: SyncTenantStore = store.tenant(tenant);
    const from = (cursor: string | undefined) => ({
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all(
      "signal",
      (cursor) => rows.signals.list(from(cursor)),
      ({ id }) => id,
    );
    all(
      "audit",
      (cursor) => rows.audit.list(from(cursor)),
      ({ callId }) => callId,
    );
    all(
      "lesson",
      (cursor) => rows.lessons.list(from(cursor)),
      ({ id }) => id,
    );
    all(
      "run",
      (cursor) => rows.runs.list(from(cursor)),
      ({ id }) => id,
    );
    for (const record of [...records.keys()].filter((name) => name.startsWith("run "))) {
      const runId = record.slice("run ".length);
      for (const event of ask(() => rows.runLog.read(runId)) ?? []) {
        records.set(`event ${runId} ${event.seq}`, JSON.stringify(event));
      }
    }
    const summary = ask(() => rows.signalCounts.summary({ days: 30, now: summaryAt }));
    const signals = [...records.keys()].filter((name) => name.startsWith("signal ")).length;
    if (summary !== undefined && named === 0 && summary.total !== signals) {
      short = true;
    }
  } finally {
    store.close();
  }
  return { records, named, refused, short };
}

const summaryAt = systemClock.now() + 60_000;

export const databaseIn = (dataDir: string): string => join(dataDir, databaseFile);
