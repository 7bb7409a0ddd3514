import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import { type CopiedFiles, copyFilesBeside } from "../store/backup/contents.ts";
import type { Backend } from "../store/backend.ts";
import { placeOf } from "../store/postgres/database.ts";
import type { Isolation } from "../store/postgres/isolation.ts";
import { openStore } from "../store/store.ts";
import { openFileSource } from "../store/transfer/byte-source.ts";
import { type CopyReport, copyStore } from "../store/transfer/copy.ts";
import { detectSource } from "../store/transfer/detect.ts";
import type { ExportReport } from "../store/transfer/export.ts";
import { exportToFile } from "../store/transfer/export-file.ts";
import { type ImportReport, importStore } from "../store/transfer/import.ts";
import { openExport, readBatches } from "../store/transfer/import-source.ts";
import { type LegacyReport, migrateLegacy } from "../store/transfer/legacy.ts";
import { type RecountReport, recountSignals } from "../store/transfer/recount.ts";
import type { OnProgress } from "../store/transfer/report.ts";
import { type Row, rowsByTable } from "../store/transfer/rows.ts";
import { currentSchemaVersion, type KeptBackup } from "../store/upgrade.ts";
import type { Host } from "./host.ts";
import { backUpBefore } from "./store-backup.ts";
import {
  isThere,
  openOrMake,
  openPlace,
  placeNamed,
  type StorePlace,
  versionIn,
  withPlace,
} from "./store-place.ts";

/** A store as it stands. */
export interface StoreStatus {
  readonly kind: Backend["kind"];
  readonly place: string;
  readonly schemaVersion: number;
  readonly knownVersion: number;
  /** Size of the database file; null for PostgreSQL. */
  readonly bytes: number | null;
  /** Whether PostgreSQL itself keeps tenants apart; null for SQLite, which has one writer's rights. */
  readonly isolation: Isolation | null;
  /** Rows by table, all tenants together; null where the schema is of another version. */
  readonly rows: Readonly<Record<string, number>> | null;
}

/** @throws Agent33Error `store.missing`, other `store.*` */
export async function storeStatus(text: string, host: Host): Promise<StoreStatus> {
  const place = placeNamed(text, host);
  const schemaVersion = await versionIn(place, host);
  const is =
    place.kind === "folder"
      ? ({ kind: "sqlite", place: place.path, bytes: statSync(place.path).size } as const)
      : ({ kind: "postgres", place: placeOf(place.url), bytes: null } as const);
  const versions = { schemaVersion, knownVersion: currentSchemaVersion };
  if (schemaVersion < currentSchemaVersion) {
    return { ...is, ...versions, isolation: null, rows: null };
  }
  const { backend, isolation } = await openPlace(place, host);
  try {
    return { ...is, ...versions, isolation, rows: await backend.tables.read(rowsByTable) };
  } finally {
    await backend.close();
  }
}

/** A copy of a store, with the files beside it where both stores are folders. */
export interface PlacesCopy extends CopyReport {
  readonly files: CopiedFiles | null;
}

/** Copies a whole store into an empty one. @throws Agent33Error `store.*` */
export function copyPlaces(
  places: { readonly from: string; readonly to: string },
  host: Host,
  onProgress: OnProgress,
): Promise<PlacesCopy> {
  const { clock } = host;
  const [source, target] = [placeNamed(places.from, host), placeNamed(places.to, host)];
  return withPlace(places.from, host, async (from) => {
    const { backend: to } = await openOrMake(target, host);
    try {
      const report = await copyStore({ from, to, clock, onProgress });
      const inFolders = source.kind === "folder" && target.kind === "folder";
      // After the rows: what they name was there before they were.
      const files = inFolders ? copyFilesBeside(source.dataDir, target.dataDir) : null;
      return { ...report, files };
    } finally {
      await to.close();
    }
  });
}

/**
 * Writes a store as lines of JSON. The file has its name once it is whole.
 * @throws Agent33Error `store.export_failed`, other `store.*`
 */
export function exportPlace(
  place: string,
  file: string,
  host: Host,
  onProgress: OnProgress,
): Promise<ExportReport> {
  const { clock, ids } = host;
  return withPlace(place, host, (backend) =>
    exportToFile(resolve(host.cwd, file), { backend, onProgress, clock, ids }),
  );
}

/** Makes the counts of signals anew where they are wrong. @throws Agent33Error `store.*` */
export function recountPlace(
  place: string,
  host: Host,
  options: { readonly dryRun: boolean },
): Promise<RecountReport> {
  return withPlace(place, host, (backend) => recountSignals(backend, options));
}

/** A row of an export, or that a line or the file's end is not what it should be. */
export type ExportedRow =
  | { readonly kind: "row"; readonly table: string; readonly row: Row }
  | { readonly kind: "bad" | "cut_off" };

const linesAtOnce = 500;

/**
 * The rows of an export in its order, read a piece at a time.
 * @throws Agent33Error `store.unknown_source`, `store.unreadable_source`, `store.newer_schema`
 */
export async function* readExportedRows(path: string): AsyncGenerator<ExportedRow> {
  const source = await openFileSource(path);
  try {
    const { headerEnd } = await openExport(source, currentSchemaVersion);
    const batches = readBatches(source, { offset: headerEnd, line: 2 }, linesAtOnce);
    for (;;) {
      const { done, value } = await batches.next();
      if (done === true) {
        if (value.footer === undefined) yield { kind: "cut_off" };
        return;
      }
      for (const { parsed } of value) {
        if (parsed.kind === "bad") yield { kind: "bad" };
        else yield { kind: "row", table: parsed.table.name, row: parsed.row };
      }
    }
  } finally {
    await source.close();
  }
}

export interface MoveInOptions {
  readonly file: string;
  /** The store that takes it in: a folder or an address. */
  readonly to: string;
  readonly dryRun: boolean;
  readonly onProgress: OnProgress;
}

export type MoveInReport = {
  /** The store as it was before; null on a dry run, for a new store and for PostgreSQL. */
  readonly backup: KeptBackup | null;
  /** Whether the file has its end and nothing of it was missing, damaged or set aside. */
  readonly complete: boolean;
} & (
  | { readonly kind: "export"; readonly report: ImportReport }
  | { readonly kind: "python"; readonly report: LegacyReport }
);

/**
 * Takes state from a file over: an export of ours, or what the Python engine kept. What is in the
 * store already is never overwritten, and a store that holds anything is backed up first.
 * @throws Agent33Error `store.unknown_source`, `store.use_copy`, other `store.*`
 */
export async function moveIn(
  options: MoveInOptions,
  config: Config,
  host: Host,
): Promise<MoveInReport> {
  const { onProgress, dryRun } = options;
  const { clock } = host;
  const path = resolve(host.cwd, options.file);
  const kind = await detectSource(path, clock);
  if (kind === "store") throw useCopy(placeNamed(path, host), path);
  const place = placeNamed(options.to, host);
  const backup = dryRun ? null : await backUp(place, config, host);
  // On a dry run nothing may be made, so a store that is not there is stood for by one in memory.
  const standIn = dryRun && !(await isThere(place, host));
  const { backend } = standIn
    ? openStore({ dataDir: ":memory:", clock, ids: host.ids })
    : await openOrMake(place, host);
  try {
    const common = { backend, clock, dryRun, onProgress };
    if (kind === "jsonl") {
      const source = await openFileSource(path);
      try {
        const report = await importStore({ ...common, source });
        return { backup, complete: report.whole, kind: "export", report };
      } finally {
        await source.close();
      }
    }
    const { tenant } = config.settings;
    const report = await migrateLegacy({ ...common, path, kind, tenant });
    const complete = !report.truncated && report.quarantined.count === 0;
    return { backup, complete, kind: "python", report };
  } finally {
    await backend.close();
  }
}

function useCopy(place: StorePlace, path: string): Agent33Error {
  const folder = place.kind === "folder" ? place.dataDir : dirname(path);
  return new Agent33Error("store.use_copy", `${path} is a store of AGENT-33.`, {
    hint: `Copy it: agent33 store copy ${folder} TO. To bring an older one up to date: agent33 store migrate ${folder}`,
    details: { path },
  });
}

/** A backup of a store that holds something. */
async function backUp(place: StorePlace, config: Config, host: Host): Promise<KeptBackup | null> {
  if (place.kind === "address" || !existsSync(place.path)) return null;
  const processes = createProcesses(host.clock);
  try {
    return await backUpBefore("migrate", place.dataDir, config, host, processes);
  } finally {
    await processes.killAll();
  }
}

export type { CopyReport } from "../store/transfer/copy.ts";
export type { ExportReport } from "../store/transfer/export.ts";
export type { RecountReport } from "../store/transfer/recount.ts";
