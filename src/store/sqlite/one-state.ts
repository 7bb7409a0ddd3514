import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReadTables } from "../backend.ts";
import { drive } from "../program.ts";
import { answerOf } from "./answer.ts";
import { type Database, inMemory } from "./database.ts";
import { mapSqliteError } from "./errors.ts";
import { createSeals } from "./seals.ts";
import { createSession } from "./session.ts";

/**
 * Gives a function one state of a store to read. It reads over a connection of its own, so that
 * writers go on; the write-ahead log keeps what they change until the function is done.
 * @throws Agent33Error `store.*`, and what `work` throws
 */
export async function readOneState<T>(
  { path, busyTimeoutMs, sql }: Database,
  work: (read: ReadTables) => Promise<T>,
): Promise<T> {
  if (path !== inMemory) return readFile(path, busyTimeoutMs, work);
  // A second connection to a store in memory would be to another store.
  const folder = mkdtempSync(join(tmpdir(), "agent33-one-state-"));
  try {
    const copy = join(folder, "copy.db");
    sql.run("VACUUM INTO ?", copy);
    return await readFile(copy, busyTimeoutMs, work);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readFile<T>(
  path: string,
  busyTimeoutMs: number,
  work: (read: ReadTables) => Promise<T>,
): Promise<T> {
  const native = openReader(path, busyTimeoutMs);
  try {
    const seals = createSeals(native, () => 0);
    seals.install();
    const session = createSession(native, path, seals);
    session.run("BEGIN");
    // The state is that of the first read, not of BEGIN.
    session.get("SELECT count(*) FROM sqlite_schema");
    return await work(async (make) => drive(make(), (statement) => answerOf(session, statement)));
  } finally {
    native.close();
  }
}

function openReader(path: string, busyTimeoutMs: number): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
  } catch (error) {
    throw mapSqliteError(error, path);
  }
}
