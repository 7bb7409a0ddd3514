import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import { mapSqliteError } from "../sqlite/errors.ts";
import { type ByteSource, bytesSource } from "./byte-source.ts";

/** The table in which the Python engine kept its state, as one JSON text in its only row. */
export const legacyTable = "learning_signal_state";

/** How long another process's lock is waited for. Milliseconds. */
const longestWaitMs = 10_000;
const pauseMs = 200;

/**
 * Reads the Python engine's SQLite file without changing it. Its one text is read into memory
 * whole: the engine held it so as well.
 * @throws Agent33Error `store.busy` while another process has it locked, which says nothing about
 * its content; `store.unknown_source`, `store.corrupt`, other `store.*`
 */
export async function openLegacySqlite(path: string, clock: Clock): Promise<ByteSource> {
  const payload = await whenFree(path, clock, (database) => {
    const tables = database
      .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
      .all(legacyTable);
    if (tables.length === 0) {
      throw new Agent33Error("store.unknown_source", `${path} has no table ${legacyTable}.`, {
        hint: "Give the file that improvement_learning_persistence_db_path of the Python engine names.",
        details: { path },
      });
    }
    // As bytes: a text that is not UTF-8 would be mended on the way, and damage hidden.
    const row = database
      .prepare(`SELECT CAST(payload AS BLOB) AS payload FROM ${legacyTable} WHERE state_key = 1`)
      .get();
    return row?.["payload"];
  });
  return bytesSource(path, payload instanceof Uint8Array ? payload : new Uint8Array(0));
}

/**
 * Looks into a SQLite file, waiting while another process has it locked.
 * @throws Agent33Error `store.busy`, other `store.*`
 */
export async function whenFree<T>(
  path: string,
  clock: Clock,
  look: (database: DatabaseSync) => T,
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      const database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
      try {
        return look(database);
      } finally {
        database.close();
      }
    } catch (error) {
      const mapped = mapSqliteError(error, path);
      if (mapped.code !== "store.busy") throw mapped;
      if (waitedMs >= longestWaitMs) throw locked(path, mapped);
    }
    await clock.sleep(pauseMs);
  }
}

function locked(path: string, cause: Agent33Error): Agent33Error {
  return new Agent33Error("store.busy", `Another process has ${path} locked.`, {
    hint: "Stop the Python engine, or try again when it is idle. The file was not changed.",
    retryable: true,
    details: { path },
    cause,
  });
}
