import { mkdtempSync, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { createProcesses, type Processes } from "../sandbox/process.ts";
import { type BackupEntry, listBackups } from "../store/backup/catalogue.ts";
import { journalFolder } from "../store/journal/segments.ts";
import { type LastCheck, readLastCheck } from "../store/last-check.ts";
import { listRecoveries, type RecoveryReport } from "../store/recovery/report.ts";
import { databaseFile } from "../store/store.ts";
import { exportStore } from "../store/transfer/export.ts";
import { type RecountReport, recountSignals } from "../store/transfer/recount.ts";
import { rowsByTable } from "../store/transfer/rows.ts";
import { currentSchemaVersion } from "../store/upgrade.ts";
import { checkStore } from "./check-schedule.ts";
import type { Engine } from "./engine.ts";
import type { Host } from "./host.ts";
import { backupPlaces, backUpStore, type MadeBackup } from "./store-backup.ts";
import { runStoreChild } from "./store-child.ts";
import { quarantinedIn, quarantineIn } from "./store-quarantine.ts";

/** How a store stands that is in use. */
export interface StoreStanding {
  readonly kind: string;
  readonly schemaVersion: number;
  readonly knownVersion: number;
  /** Of the database file. */
  readonly bytes: number;
  /** Rows by table, all tenants together; null where nobody asked for them. */
  readonly rows: Readonly<Record<string, number>> | null;
  readonly lastCheck: LastCheck | null;
  readonly backups: number;
  readonly newestBackup: BackupEntry | null;
  readonly recoveries: number;
}

/** What came of reading backups and the journal. */
const verifiedSchema = z.object({
  whole: z.boolean(),
  backups: z.int(),
  faulty: z.array(z.object({ id: z.string(), error: z.looseObject({ code: z.string() }) })),
  journal: z.array(
    z.object({
      history: z.string(),
      from: z.int(),
      to: z.int(),
      problems: z.array(z.string()),
    }),
  ),
});
export type VerifiedStore = z.infer<typeof verifiedSchema>;

/**
 * What operators do with the store of a server that is at work. Long reading is done by child
 * processes, so that the server goes on answering.
 */
export interface StoreService {
  standing(withRows: boolean): Promise<StoreStanding>;
  /** Newest first; nothing but their manifests is read. @throws Agent33Error `store.backup_folder` */
  backups(): readonly BackupEntry[];
  /** Newest first. */
  recoveries(): readonly RecoveryReport[];
  quarantine(page: Parameters<typeof quarantineIn>[3]): ReturnType<typeof quarantineIn>;
  /** @throws Agent33Error `store.unknown_quarantined` */
  quarantined(id: number): ReturnType<typeof quarantinedIn>;
  /** Reads all of the store. @throws Agent33Error `store.check_running` */
  check(signal: AbortSignal): Promise<LastCheck>;
  /** @throws Agent33Error `store.backup_running`, other `store.*` */
  backUp(signal: AbortSignal): Promise<MadeBackup>;
  /** @param id of a backup; all of them and the journal without it. */
  verify(id: string | undefined, signal: AbortSignal): Promise<VerifiedStore>;
  recount(dryRun: boolean): Promise<RecountReport>;
  /** Writes all of the store, of all tenants, as lines of JSON. */
  exportTo(out: (text: string) => Promise<void>): Promise<unknown>;
}

/** @param engine that of the settings' tenant, which has the store open */
export function storeService(
  config: Config,
  host: Host,
  { store: { backend }, learning }: Pick<Engine, "store" | "learning">,
): StoreService {
  const places = backupPlaces(config, host);
  const { dataDir } = places;
  const source = join(dataDir, databaseFile);
  return {
    standing: async (withRows) => {
      const backups = listBackups(places.backups);
      return {
        kind: backend.kind,
        schemaVersion: await backend.schemaVersion(),
        knownVersion: currentSchemaVersion,
        bytes: (await stat(source)).size,
        rows: withRows ? await backend.tables.read(rowsByTable) : null,
        lastCheck: readLastCheck(dataDir) ?? null,
        backups: backups.length,
        newestBackup: backups[0] ?? null,
        recoveries: listRecoveries(dataDir).length,
      };
    },
    backups: () => listBackups(places.backups),
    recoveries: () => listRecoveries(dataDir),
    quarantine: (page) => quarantineIn(backend, config, host, page),
    quarantined: (id) => quarantinedIn(backend, config, host, id),
    check: (signal) =>
      withProcesses(host, async (processes) => {
        const found = await checkStore({ host, dataDir, processes, signal });
        if (found === undefined) throw checkRunning();
        if (!found.sound) learning.observeDamage(found);
        return found;
      }),
    backUp: (signal) => backUpStore(config, host, { signal }),
    verify: (name, signal) =>
      withProcesses(host, async (processes) => {
        const within = mkdtempSync(join(tmpdir(), "agent33-verify-"));
        const journal = join(dataDir, journalFolder);
        const named = name === undefined ? {} : { name };
        const order = { folder: places.backups, journal, within, ...named };
        try {
          return await runStoreChild(
            {
              program: "verify",
              args: [JSON.stringify(order)],
              source,
              report: verifiedSchema,
              signal,
            },
            host,
            processes,
          );
        } finally {
          rmSync(within, { recursive: true, force: true });
        }
      }),
    recount: (dryRun) => recountSignals(backend, { dryRun }),
    exportTo: (write) => exportStore({ backend, write, clock: host.clock, ids: host.ids }),
  };
}

async function withProcesses<T>(
  { clock }: Pick<Host, "clock">,
  work: (processes: Processes) => Promise<T>,
): Promise<T> {
  const processes = createProcesses(clock);
  try {
    return await work(processes);
  } finally {
    await processes.killAll();
  }
}

function checkRunning(): Agent33Error {
  return new Agent33Error("store.check_running", "Another process is reading the store already.", {
    hint: "What it finds stands in the store's standing once it is done.",
    retryable: true,
  });
}
