import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import {
  currentSchemaVersion,
  storeVersion,
  type UpgradeReport,
  upgradeStore,
} from "../store/upgrade.ts";
import type { Host } from "./host.ts";
import { ownerGone } from "./owner.ts";
import { snapshotChild } from "./snapshot-child.ts";

/**
 * Brings the settings' store up to date, after a verified backup; a new or current one is left as
 * it is.
 * @throws Agent33Error `store.*`
 */
export async function upgradeConfigured(
  config: Config,
  host: Host,
  options: { readonly dryRun?: boolean } = {},
): Promise<UpgradeReport> {
  const processes = createProcesses(host.clock);
  try {
    return await upgradeStore({
      dataDir: resolve(host.cwd, config.settings.data),
      clock: host.clock,
      snapshot: snapshotChild(host, processes),
      ownerGone,
      ...options,
    });
  } finally {
    await processes.killAll();
  }
}

/** Whether the settings' store has an older schema than this program's. */
export function needsUpgrade(config: Config, host: Host): boolean {
  const found = storeVersion(resolve(host.cwd, config.settings.data));
  return found !== undefined && found > 0 && found < currentSchemaVersion;
}

export type { UpgradeReport } from "../store/upgrade.ts";
