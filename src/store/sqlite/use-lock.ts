import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import { mapSqliteError } from "./errors.ts";
import { finishSwap, swapPlanOf } from "./swap.ts";

/** A lock on a file, which the system lets go of when its process ends in any way. */
export interface FileLock {
  release(): void;
}

/**
 * The file beside a store's that says who uses the store. It is always empty, and its name does not
 * begin as the store's side files do: whoever moves those away leaves it where it is.
 */
export function useLockOf(databasePath: string): string {
  return `${databasePath.replace(/\.db$/, "")}.lock`;
}

/**
 * Takes a lock on a file: `shared` by any number at once, `alone` by one while nobody shares it.
 * Node has no locks of its own, so an empty SQLite file lends its own.
 * @param waitMs how long to wait for others
 * @returns undefined where others still have it
 * @throws Agent33Error `store.data_folder`, other `store.*`
 */
export function takeLock(
  path: string,
  how: "shared" | "alone",
  waitMs: number,
): FileLock | undefined {
  try {
    const native = new DatabaseSync(path, { timeout: waitMs });
    try {
      if (how === "shared") {
        native.exec("BEGIN");
        native.prepare("SELECT count(*) FROM sqlite_schema").get();
      } else {
        native.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      }
    } catch (error) {
      native.close();
      throw error;
    }
    return { release: () => native.close() };
  } catch (error) {
    const mapped = mapSqliteError(error, path);
    if (isAgent33Error(mapped) && mapped.code === "store.busy") return undefined;
    throw mapped;
  }
}

/**
 * Says that this process uses a store, until the lock is released: nobody puts another file in its
 * place meanwhile. A restore that was killed is finished first.
 * @throws Agent33Error `store.restoring`, `store.restore_plan`, other `store.*`
 */
export function useStore(databasePath: string, waitMs: number): FileLock {
  for (;;) {
    const shared = takeLock(useLockOf(databasePath), "shared", waitMs);
    if (shared === undefined) throw restoring(databasePath);
    if (!existsSync(swapPlanOf(databasePath))) return shared;
    shared.release();
    const alone = takeLock(useLockOf(databasePath), "alone", waitMs);
    if (alone === undefined) throw restoring(databasePath);
    try {
      finishSwap(databasePath);
    } finally {
      alone.release();
    }
  }
}

function restoring(path: string): Agent33Error {
  return new Agent33Error("store.restoring", `The store ${path} is being restored.`, {
    hint: "Wait until `agent33 store restore` has ended in the other process.",
    retryable: true,
    details: { path },
  });
}
