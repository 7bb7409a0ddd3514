import { resolve } from "node:path";
import { uuidv7Source } from "../base/ids.ts";
import type { Config } from "../config/config.ts";
import { type RecoverReport, recoverStore } from "../store/salvage/recover.ts";
import type { OnProgress } from "../store/transfer/report.ts";
import type { Host } from "./host.ts";

export type { RecoverReport } from "../store/salvage/recover.ts";

/**
 * Makes the settings' store anew of all that can be read of its damaged file.
 * @throws Agent33Error `store.in_use`, `store.missing`, `store.nothing_left`, other `store.*`
 */
export function recoverSettingsStore(
  { settings }: Config,
  { cwd, clock, random }: Host,
  options: { readonly dryRun: boolean; readonly onProgress: OnProgress },
): RecoverReport {
  const dataDir = resolve(cwd, settings.data);
  return recoverStore({ dataDir, clock, ids: uuidv7Source(clock, random), ...options });
}
