import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { takeBackup } from "../../src/store/backup/take.ts";
import type { UpgradeOptions } from "../../src/store/upgrade.ts";

/** Makes the backup of a store that is to be brought up to date, in this process. */
export async function backUpAlone(
  dataDir: string,
): Promise<Awaited<ReturnType<UpgradeOptions["backUp"]>>> {
  const folder = join(dataDir, "backups");
  const at = systemClock.now();
  const order = { dataDir, folder, kind: "upgrade", at, engine: "0" } as const;
  const { id, path, manifest } = await takeBackup(order);
  const { bytes, sha256 } = manifest.database;
  return { id, path, bytes, sha256, schemaVersion: manifest.schema, rows: manifest.rows };
}
