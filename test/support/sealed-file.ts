import { DatabaseSync } from "node:sqlite";
import { createSeals } from "../../src/store/sqlite/seals.ts";

/**
 * A store's file, opened by somebody who seals what they change: what this program itself wrote
 * wrong, or somebody who knows how. Without a seal a changed row is not read at all.
 */
export function openSealed(path: string): DatabaseSync {
  const native = new DatabaseSync(path, { timeout: 5000 });
  native.exec("PRAGMA temp_store = MEMORY");
  createSeals(native, () => Date.now()).install();
  return native;
}
