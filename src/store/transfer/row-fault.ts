import { isAgent33Error } from "../../base/errors.ts";

/** SQLITE_TOOBIG, SQLITE_CONSTRAINT and SQLITE_MISMATCH (https://sqlite.org/rescode.html). */
const sqliteCodes: readonly number[] = [18, 19, 20];
/**
 * Data exceptions, violated constraints, and limits of the program such as that on the length of
 * what an index holds (PostgreSQL's error codes, appendix A).
 */
const postgresClasses: readonly string[] = ["22", "23", "54"];

/**
 * Whether a database refused a row for what is in it, such as an unknown word for its state or text
 * that it cannot hold. Everything else (a full disk, a lost connection) would befall any row.
 */
export function isFaultOfRow(error: unknown): boolean {
  if (!isAgent33Error(error)) return false;
  // Ours say it before the database does.
  if (error.code === "store.bad_parameter" || error.code.startsWith("learning.bad_")) return true;
  const { sqliteCode, postgresCode } = error.details ?? {};
  if (typeof sqliteCode === "number") return sqliteCodes.includes(sqliteCode & 0xff);
  return typeof postgresCode === "string" && postgresClasses.includes(postgresCode.slice(0, 2));
}

/**
 * Writes a batch or, where one of it is what the database refuses, each by itself, so that one that
 * is refused takes no other with it.
 */
export async function writeApart<T>(
  batch: readonly T[],
  write: (some: readonly T[]) => Promise<void>,
  refused: (one: T, error: unknown) => Promise<void> | void,
): Promise<void> {
  try {
    await write(batch);
    return;
  } catch (error) {
    if (!isFaultOfRow(error)) throw error;
  }
  for (const one of batch) {
    try {
      await write([one]);
    } catch (error) {
      if (!isFaultOfRow(error)) throw error;
      await refused(one, error);
    }
  }
}
