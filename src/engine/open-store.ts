import { resolve } from "node:path";
import { toAgent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { placeJournal } from "../store/journal/place.ts";
import type { LastCheck } from "../store/last-check.ts";
import { isDamage } from "../store/recovery/start-look.ts";
import { openStore, type Store } from "../store/store.ts";
import { scheduleBackups } from "./backup-schedule.ts";
import type { RecurringWork } from "./recurring-work.ts";
import { scheduleChecks } from "./check-schedule.ts";
import { busyWords } from "./busy-words.ts";
import { openGranted } from "./grants.ts";
import type { Host } from "./host.ts";

/** The settings' store, with its backups and checks while it is open. */
export interface ConfiguredStore {
  readonly dataDir: string;
  readonly store: Store;
  readonly backups: RecurringWork;
  readonly checks: RecurringWork;
}

/**
 * Opens the store as the settings say.
 * @param onDamage told of a check that finds damage
 * @throws Agent33Error `store.*`
 */
export function openConfigured(
  config: Config,
  host: Host,
  onDamage: (found: LastCheck) => void,
): ConfiguredStore {
  const { clock, ids } = host;
  const { settings } = config;
  const { enabled, folder } = settings.journal;
  const dataDir = resolve(host.cwd, settings.data);
  if (enabled && folder !== undefined) placeJournal(dataDir, resolve(host.cwd, folder));
  const open = (readOnly: boolean): Store =>
    openStore({
      dataDir,
      clock,
      ids,
      readOnly,
      synchronous: settings.store.synchronous,
      onBusy: (notice) => host.warn(busyWords(notice, "the store")),
      journal: enabled,
      onJournalTrouble: ({ code, message, hint = "" }) => host.warn(`${code}: ${message} ${hint}`),
    });
  const store = openUnlessDamaged(config, host, open);
  const { transactions } = store;
  const backups = scheduleBackups({ config, host, transactions });
  const checks = scheduleChecks({ config, host, dataDir, onDamage });
  return { dataDir, store, backups, checks };
}

/** As `store.onDamage` says; a store that is to be recovered is so before it is opened. */
function openUnlessDamaged(
  { settings }: Config,
  host: Host,
  open: (readOnly: boolean) => Store,
): Store {
  try {
    return open(false);
  } catch (error) {
    if (!isDamage(error) || settings.store.onDamage !== "readonly") throw error;
    host.warn(`${toAgent33Error(error).message} It is only read, as store.onDamage says.`);
    return open(true);
  }
}

/** Opens the store that a team shares what it learned in. @throws Agent33Error `store.*` */
export function openTeamStore(url: string, host: Host): ReturnType<typeof openGranted> {
  const { clock, ids, random } = host;
  const onBusy = (notice: Parameters<typeof busyWords>[0]): void => {
    host.warn(busyWords(notice, "the team's store"));
  };
  return openGranted({ url, clock, ids, random, onBusy });
}
