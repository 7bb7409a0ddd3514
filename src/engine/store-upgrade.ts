import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import { placeOf } from "../store/postgres/database.ts";
import { rowsByTable } from "../store/transfer/rows.ts";
import {
  currentSchemaVersion,
  stepsFrom,
  storeVersion,
  type UpgradeReport,
  upgradeStore,
} from "../store/upgrade.ts";
import { openGranted } from "./grants.ts";
import type { Host } from "./host.ts";
import { ownerGone } from "./owner.ts";
import { backUpBefore } from "./store-backup.ts";
import { placeNamed, versionIn } from "./store-place.ts";
import { snapshotChild } from "./store-child.ts";

/**
 * Brings the settings' store up to date, after a verified backup; a new or current one is left as
 * it is.
 * @throws Agent33Error `store.*`
 */
export function upgradeConfigured(config: Config, host: Host): Promise<UpgradeReport> {
  return upgradeFolder(resolve(host.cwd, config.settings.data), config, host, {});
}

async function upgradeFolder(
  dataDir: string,
  config: Config,
  host: Host,
  options: { readonly dryRun?: boolean },
): Promise<UpgradeReport> {
  const processes = createProcesses(host.clock);
  try {
    return await upgradeStore({
      dataDir,
      clock: host.clock,
      snapshot: snapshotChild(host, processes),
      backUp: () => backUpBefore("upgrade", dataDir, config, host, processes),
      ownerGone,
      ...options,
    });
  } finally {
    await processes.killAll();
  }
}

/**
 * Brings a store that is there up to date: one in a folder after a verified backup.
 * @throws Agent33Error `store.missing`, other `store.*`
 */
export async function upgradePlace(
  text: string,
  config: Config,
  host: Host,
  { dryRun }: { readonly dryRun: boolean },
): Promise<UpgradeReport> {
  const { clock, ids, random } = host;
  const began = clock.monotonic();
  const place = placeNamed(text, host);
  const from = await versionIn(place, host);
  if (place.kind === "folder") return upgradeFolder(place.dataDir, config, host, { dryRun });
  const steps = stepsFrom(from);
  let rows: UpgradeReport["rows"] = {};
  if (steps.length > 0 && !dryRun) {
    const backend = await openGranted({
      url: place.url,
      clock,
      ids,
      random,
      upgrade: true,
    });
    try {
      rows = await backend.tables.read(rowsByTable);
    } finally {
      await backend.close();
    }
  }
  return {
    path: placeOf(place.url),
    from,
    to: currentSchemaVersion,
    steps,
    dryRun,
    backup: null,
    rows,
    durationMs: Math.round(clock.monotonic() - began),
  };
}

/** Whether the settings' store has an older schema than this program's. */
export function needsUpgrade(config: Config, host: Host): boolean {
  const found = storeVersion(resolve(host.cwd, config.settings.data));
  return found !== undefined && found > 0 && found < currentSchemaVersion;
}

export type { UpgradeReport } from "../store/upgrade.ts";
