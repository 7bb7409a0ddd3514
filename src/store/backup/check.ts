import { rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import { readSnapshot } from "../sqlite/snapshot.ts";
import { databaseFile } from "../store.ts";
import { contentPath, contentProblem } from "./contents.ts";
import { damagedBackup, mapFileError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { healed } from "../parity/parity.ts";
import { isPackingFault, unpack } from "../pack.ts";
import { positionIn } from "./take.ts";

/** A backup to read from end to end. */
export interface CheckOptions {
  /** The backup's folder, within the folder of all of them. */
  readonly path: string;
  readonly manifest: Manifest;
  /** An empty folder that the database is unpacked into. */
  readonly into: string;
  /**
   * Whether SQLite looks at every page. Bytes of the right digest are those that it looked at when
   * the backup was made, so whoever checks what becomes of them need not do it twice.
   */
  readonly look: Look;
  /** Puts right what is altered of the packed database, as far as its parity can. */
  readonly heal?: boolean;
  readonly onBytes?: (bytes: number) => void;
}

type Look = Parameters<typeof readSnapshot>[1];

/**
 * Reads a backup from end to end: every file against its digest, the database with SQLite's own
 * checks, its rows and its position against the manifest. The database is left in `into`, whole.
 * @returns the path of the unpacked database
 * @throws Agent33Error `store.backup_damaged`, `store.full`, `store.backup_folder`
 */
export async function unpackChecked(options: CheckOptions): Promise<string> {
  const { path, manifest, into, look } = options;
  const plain = join(into, databaseFile);
  const packed = join(path, manifest.database.name);
  try {
    await unpackDatabase(packed, plain, options);
  } catch (error) {
    const whole =
      options.heal === true && isAgent33Error(error)
        ? healed(packed, manifest.database.bytes)
        : undefined;
    if (whole === undefined) throw error;
    const copy = join(into, manifest.database.name);
    rmSync(plain, { force: true });
    writeFileSync(copy, whole, { mode: 0o600 });
    await unpackDatabase(copy, plain, options);
    rmSync(copy);
  }
  checkDatabase(plain, path, manifest, look);
  for (const file of manifest.files) {
    const problem = contentProblem(contentPath(dirname(path), file.sha256), file);
    if (problem !== undefined) throw damagedBackup(path, problem);
  }
  return plain;
}

/** @throws Agent33Error `store.backup_damaged`, `store.full`, `store.backup_folder` */
async function unpackDatabase(
  packed: string,
  plain: string,
  { path, manifest: { database }, onBytes }: CheckOptions,
): Promise<void> {
  checkSize(path, packed, database.bytes);
  const found = await unpackInto(packed, plain, path, onBytes);
  if (found.sha256 !== database.sha256 || found.unpackedSha256 !== database.unpackedSha256) {
    throw damagedBackup(path, `${database.name} is not the one of its manifest`);
  }
}

function checkSize(path: string, packed: string, bytes: number): void {
  let size: number | undefined;
  try {
    size = statSync(packed, { throwIfNoEntry: false })?.size;
  } catch (error) {
    throw mapFileError(error, packed);
  }
  if (size === undefined) throw damagedBackup(path, "its database is missing");
  if (size !== bytes) {
    throw damagedBackup(path, `its database has ${size} bytes in place of ${bytes}`);
  }
}

async function unpackInto(
  packed: string,
  plain: string,
  path: string,
  onBytes: CheckOptions["onBytes"],
) {
  try {
    return await unpack(packed, plain, onBytes);
  } catch (error) {
    rmSync(plain, { force: true });
    if (isPackingFault(error)) {
      throw damagedBackup(path, "its database cannot be unpacked", error);
    }
    throw mapFileError(error, packed);
  }
}

function checkDatabase(plain: string, path: string, manifest: Manifest, look: Look): void {
  const { schemaVersion, rows } = checkBackedUp(path, plain, look);
  const position = positionIn(plain);
  const differs =
    schemaVersion !== manifest.schema ||
    (position?.history ?? null) !== manifest.history ||
    (position?.seq ?? 0) !== manifest.seq ||
    digestOf(rows) !== digestOf(manifest.rows);
  if (differs) throw damagedBackup(path, "its database is not the one that its manifest counts");
}

/**
 * SQLite's own checks of a backup's database.
 * @throws Agent33Error `store.backup_damaged`, `store.not_a_store`
 */
export function checkBackedUp(
  path: string,
  plain: string,
  look: Look,
): ReturnType<typeof readSnapshot> {
  try {
    return readSnapshot(plain, look);
  } catch (error) {
    if (isAgent33Error(error) && damage.has(error.code)) {
      throw damagedBackup(path, error.message, error);
    }
    throw error;
  }
}

/** What SQLite says of a file that is not as it was written. */
const damage = new Set(["store.snapshot_damaged", "store.corrupt"]);

/**
 * Whether this program can work with a backup's schema.
 * @throws Agent33Error `store.backup_newer`, `store.backup_older`
 */
export function checkSchema(
  path: string,
  { schema }: Pick<Manifest, "schema">,
  known: number,
  mayUpgrade: boolean,
): void {
  if (schema > known) {
    throw new Agent33Error(
      "store.backup_newer",
      `The backup ${path} has schema version ${schema}; this AGENT-33 knows versions up to ${known}.`,
      { hint: "Use the AGENT-33 that made it or a newer one. The store is as it was." },
    );
  }
  if (schema < known && !mayUpgrade) {
    throw new Agent33Error(
      "store.backup_older",
      `The backup ${path} has schema version ${schema}; this AGENT-33 works with version ${known}.`,
      { hint: "Add --migrate to bring it up to date on the way. The store is as it was." },
    );
  }
}
