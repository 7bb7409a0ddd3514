import { isAgent33Error, toAgent33Error } from "../base/errors.ts";
import { uuidv7Source } from "../base/ids.ts";
import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import { listBackups } from "../store/backup/catalogue.ts";
import type { RecoverOptions } from "../store/recovery/make-anew.ts";
import { recoverDamaged, recoverStore } from "../store/recovery/recover.ts";
import { listRecoveries, type RecoveryReport } from "../store/recovery/report.ts";
import { isDamage } from "../store/recovery/start-look.ts";
import type { OnProgress } from "../store/transfer/report.ts";
import type { Host } from "./host.ts";
import { recoveryLine } from "./recovery-news.ts";
import { backupPlaces, makeBackup } from "./store-backup.ts";

export type { RecoveryReport } from "../store/recovery/report.ts";

/**
 * Makes the settings' store anew of its newest backup that is whole, the journal since, and all that
 * can be read of its damaged file.
 * @throws Agent33Error `store.in_use`, `store.missing`, `store.nothing_left`, other `store.*`
 */
export async function recoverSettingsStore(
  config: Config,
  host: Host,
  { dryRun, onProgress }: { readonly dryRun: boolean; readonly onProgress: OnProgress },
): Promise<RecoveryReport> {
  const report = await recoverStore({ ...partsOf(config, host), dryRun, onProgress });
  await backUpNewHistory(report, config, host);
  return report;
}

function partsOf(config: Config, host: Host): RecoverOptions {
  const { clock, random } = host;
  const { dataDir, backups } = backupPlaces(config, host);
  return {
    dataDir,
    clock,
    ids: uuidv7Source(clock, random),
    backups: listBackups(backups),
    journal: config.settings.journal.enabled,
  };
}

/**
 * Nothing leads to a store that was made of its damaged file alone: a backup does from here on. The
 * store is whole without it, so that a failure only is told.
 */
async function backUpNewHistory(
  { dryRun, history }: RecoveryReport,
  config: Config,
  host: Host,
): Promise<void> {
  if (dryRun || history?.parent !== null || config.settings.backup.everyMinutes === 0) return;
  const processes = createProcesses(host.clock);
  try {
    await makeBackup(backupPlaces(config, host), { kind: "scheduled" }, host, processes);
  } catch (thrown) {
    const { code, message } = toAgent33Error(thrown);
    host.warn(`backup: ${code}: ${message}`);
  } finally {
    await processes.killAll();
  }
}

/** What was recovered of the settings' store, newest first. */
export function listSettingsRecoveries(config: Config, host: Host): readonly RecoveryReport[] {
  return listRecoveries(backupPlaces(config, host).dataDir);
}

/**
 * Opens something of the settings' store; where that is damaged and the settings say so, the store
 * is recovered first. Another process may have done so meanwhile.
 * @throws Agent33Error `store.in_use` where others use the damaged store, other `store.*`
 */
export async function unlessDamaged<T>(
  config: Config,
  host: Host,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!isDamage(error) || config.settings.store.onDamage !== "recover") throw error;
    host.warn(`${toAgent33Error(error).message} It is recovered first.`);
    const report = await recoverDamaged(partsOf(config, host)).catch((failure: unknown) => {
      // It is another file, and nothing leads to the store that should be there.
      throw codeOf(failure) === "store.nothing_left" ? error : failure;
    });
    if (report !== undefined) {
      host.warn(recoveryLine(report));
      await backUpNewHistory(report, config, host);
    }
    return open();
  }
}

function codeOf(error: unknown): string | undefined {
  return isAgent33Error(error) ? error.code : undefined;
}
