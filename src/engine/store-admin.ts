import { createWriteStream, existsSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { Agent33Error, messageOf, systemCodeOf } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import type { Backend } from "../store/backend.ts";
import { first } from "../store/program.ts";
import type { Isolation } from "../store/postgres/isolation.ts";
import type { SnapshotReport } from "../store/sqlite/snapshot.ts";
import { databaseFile, openStore } from "../store/store.ts";
import { openFileSource } from "../store/transfer/byte-source.ts";
import { type CopyReport, copyStore } from "../store/transfer/copy.ts";
import { detectSource } from "../store/transfer/detect.ts";
import { type ExportReport, exportStore } from "../store/transfer/export.ts";
import { type ImportReport, importStore } from "../store/transfer/import.ts";
import { openExport, readBatches } from "../store/transfer/import-source.ts";
import { type LegacyReport, migrateLegacy } from "../store/transfer/legacy.ts";
import type { OnProgress } from "../store/transfer/report.ts";
import type { Row } from "../store/transfer/rows.ts";
import { storeTables } from "../store/transfer/tables.ts";
import { currentSchemaVersion, storeVersion } from "../store/upgrade.ts";
import { openGranted } from "./grants.ts";
import type { Host } from "./host.ts";
import { snapshotChild } from "./snapshot-child.ts";

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

/** Anything that begins like an address is one: a wrong one is refused, never taken for a folder. */
const isAddress = (place: string): boolean => /^[a-z][a-z0-9+.-]+:\//i.test(place);

/** A folder with a store in it; a path to its file means the folder. */
function folderOf(place: string, host: Host): string {
  const path = resolve(host.cwd, place);
  return basename(path) === databaseFile ? dirname(path) : path;
}

interface OpenedPlace {
  readonly backend: Backend;
  readonly isolation: Isolation | null;
}

/**
 * Opens a store by its folder or its `postgres://` address.
 * @param create whether a folder without a store gets one
 * @throws Agent33Error `store.missing`, `store.older_schema`, other `store.*`
 */
async function openPlace(place: string, host: Host, create: boolean): Promise<OpenedPlace> {
  const { clock, ids, random } = host;
  if (isAddress(place)) {
    const backend = await openGranted({ url: place, clock, ids, random });
    return { backend, isolation: await backend.isolation() };
  }
  const dataDir = folderOf(place, host);
  if (!create) requireStore(dataDir);
  return { backend: openStore({ dataDir, clock, ids }).backend, isolation: null };
}

function requireStore(dataDir: string): void {
  if (existsSync(join(dataDir, databaseFile))) return;
  throw new Agent33Error("store.missing", `There is no store in ${dataDir}.`, {
    hint: `Give a folder that has a file ${databaseFile}, or a postgres:// address.`,
    details: { dataDir },
  });
}

/** @throws Agent33Error `store.missing`, other `store.*` */
export async function storeStatus(place: string, host: Host): Promise<StoreStatus> {
  const dataDir = folderOf(place, host);
  if (!isAddress(place)) {
    requireStore(dataDir);
    const found = storeVersion(dataDir) ?? 0;
    if (found > 0 && found < currentSchemaVersion) {
      const path = join(dataDir, databaseFile);
      const older = { kind: "sqlite", place: path, schemaVersion: found } as const;
      const bytes = statSync(path).size;
      return { ...older, knownVersion: currentSchemaVersion, bytes, isolation: null, rows: null };
    }
  }
  const { backend, isolation } = await openPlace(place, host, false);
  try {
    const rows = await backend.tables.read(function* () {
      const counts: Record<string, number> = {};
      for (const { name } of storeTables) {
        counts[name] = Number((yield* first(`SELECT count(*) AS rows FROM ${name}`))?.["rows"]);
      }
      return counts;
    });
    return {
      kind: backend.kind,
      place: backend.place,
      schemaVersion: await backend.schemaVersion(),
      knownVersion: currentSchemaVersion,
      bytes: backend.kind === "sqlite" ? statSync(backend.place).size : null,
      isolation,
      rows,
    };
  } finally {
    await backend.close();
  }
}

/** Copies a whole store into an empty one. @throws Agent33Error `store.*` */
export async function copyPlaces(
  places: { readonly from: string; readonly to: string },
  host: Host,
  onProgress: OnProgress,
): Promise<CopyReport> {
  const from = await openPlace(places.from, host, false);
  try {
    const to = await openPlace(places.to, host, true);
    try {
      const stores = { from: from.backend, to: to.backend };
      return await copyStore({ ...stores, clock: host.clock, onProgress });
    } finally {
      await to.backend.close();
    }
  } finally {
    await from.backend.close();
  }
}

/**
 * Writes a store as lines of JSON. The file has its name once it is whole.
 * @throws Agent33Error `store.export_failed`, other `store.*`
 */
export async function exportPlace(
  place: string,
  file: string,
  host: Host,
  onProgress: OnProgress,
): Promise<ExportReport> {
  const path = resolve(host.cwd, file);
  if (existsSync(path)) throw exportFailed(path, "there is such a file already", undefined);
  const { backend } = await openPlace(place, host, false);
  const partial = `${path}.partial`;
  try {
    const stream = createWriteStream(partial, { mode: 0o600, flush: true });
    const ended = finished(stream);
    // An error of the file is told by the write that meets it, or at the end.
    ended.catch(() => undefined);
    const write = (text: string): Promise<void> =>
      new Promise((done, failed) => {
        stream.write(text, (error) => (error ? failed(error) : done()));
      });
    const report = await exportStore({
      backend,
      write,
      onProgress,
      clock: host.clock,
      ids: host.ids,
    });
    stream.end();
    await ended;
    await rename(partial, path);
    return report;
  } catch (error) {
    await rm(partial, { force: true });
    if (systemCodeOf(error) !== undefined) throw exportFailed(path, messageOf(error), error);
    throw error;
  } finally {
    await backend.close();
  }
}

function exportFailed(path: string, why: string, cause: unknown): Agent33Error {
  return new Agent33Error("store.export_failed", `${path} cannot be written: ${why}.`, {
    hint: "Name a new file in a folder that this user may write to.",
    details: { path },
    cause,
  });
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
  readonly backup: SnapshotReport | null;
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
  const path = resolve(host.cwd, options.file);
  const kind = await detectSource(path, host.clock);
  if (kind === "store") {
    throw new Agent33Error("store.use_copy", `${path} is a store of AGENT-33.`, {
      hint: `Copy it: agent33 store copy ${dirname(path)} TO. To bring an older one up to date: agent33 store migrate --data ${dirname(path)}`,
      details: { path },
    });
  }
  const backup = dryRun ? null : await backUp(options.to, host);
  // On a dry run nothing may be made, so a store that is not there is stood for by one in memory.
  const missing =
    !isAddress(options.to) && !existsSync(join(folderOf(options.to, host), databaseFile));
  const { backend } =
    dryRun && missing
      ? { backend: openStore({ dataDir: ":memory:", clock: host.clock, ids: host.ids }).backend }
      : await openPlace(options.to, host, true);
  try {
    const common = { backend, clock: host.clock, dryRun, onProgress };
    if (kind === "jsonl") {
      const source = await openFileSource(path);
      try {
        return { backup, kind: "export", report: await importStore({ ...common, source }) };
      } finally {
        await source.close();
      }
    }
    const { tenant } = config.settings;
    const report = await migrateLegacy({ ...common, path, kind, tenant });
    return { backup, kind: "python", report };
  } finally {
    await backend.close();
  }
}

/** A verified snapshot of a store that holds something. */
async function backUp(place: string, host: Host): Promise<SnapshotReport | null> {
  if (isAddress(place)) return null;
  const dataDir = folderOf(place, host);
  const path = join(dataDir, databaseFile);
  if (!existsSync(path)) return null;
  const processes = createProcesses(host.clock);
  try {
    const stamp = new Date(host.clock.now()).toISOString().replaceAll(":", "-");
    const target = join(dataDir, "backups", `before-migrate-${stamp}.db`);
    return await snapshotChild(host, processes)(path, target);
  } finally {
    await processes.killAll();
  }
}

export type { CopyReport } from "../store/transfer/copy.ts";
export type { ExportReport } from "../store/transfer/export.ts";
