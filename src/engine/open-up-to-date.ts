import type { Config } from "../config/config.ts";
import type { Host } from "./host.ts";
import { unlessDamaged } from "./store-recover.ts";
import { needsUpgrade, type UpgradeReport, upgradeConfigured } from "./store-upgrade.ts";

/**
 * Opens what works on the settings' store, which is brought up to date first, after a verified
 * backup, and recovered first where it is damaged and the settings say so.
 * @param open opens it
 * @param onUpgrade told what was done, where anything was
 * @throws Agent33Error `store.*`, and what `open` throws
 */
export async function openUpToDate<T>(
  config: Config,
  host: Host,
  open: () => T,
  onUpgrade?: (report: UpgradeReport) => void,
): Promise<T> {
  return unlessDamaged(config, host, async () => {
    if (needsUpgrade(config, host)) onUpgrade?.(await upgradeConfigured(config, host));
    return open();
  });
}
