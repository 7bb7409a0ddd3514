import { readdirSync, statSync } from "node:fs";
import { basename, isAbsolute, join, sep } from "node:path";
import { Agent33Error, systemCodeOf, toAgent33Error } from "../../base/errors.ts";
import { mapFileError } from "./errors.ts";
import { type Manifest, readManifest } from "./manifest.ts";

/** A backup as it stands in its folder; `fault` where its manifest cannot be used. */
export interface BackupEntry {
  readonly id: string;
  readonly path: string;
  readonly manifest?: Manifest;
  readonly fault?: Agent33Error;
  /** Whether it is one file, as is made before an upgrade and before state is taken over. */
  readonly isFile?: boolean;
}

const idForm = /^\d{4}-\d{2}-\d{2}T[\d-]+\.\d{3}Z-[a-z-]+$/;

/**
 * The backups in a folder, newest first. Nothing but their manifests is read.
 * @throws Agent33Error `store.backup_folder` where the folder cannot be read
 */
export function listBackups(folder: string): readonly BackupEntry[] {
  return namesIn(folder)
    .filter((name) => idForm.test(name))
    .sort()
    .toReversed()
    .map((id) => entryOf(id, join(folder, id)));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw mapFileError(error, folder);
  }
}

function entryOf(id: string, path: string): BackupEntry {
  try {
    return { id, path, manifest: readManifest(path) };
  } catch (error) {
    return { id, path, fault: toAgent33Error(error) };
  }
}

/**
 * The backup that a person names: by its id, the beginning of one, a kind for the newest of it, or a
 * path.
 * @throws Agent33Error `store.no_backup`
 */
export function findBackup(folder: string, name: string, cwd: string): BackupEntry {
  if (name.includes(sep)) {
    const path = isAbsolute(name) ? name : join(cwd, name);
    const id = basename(path);
    return isSnapshot(path) ? { id, path, isFile: true } : entryOf(id, path);
  }
  const all = listBackups(folder);
  const newest = all.find(({ manifest }) => manifest?.kind === name);
  if (newest !== undefined) return newest;
  const found = all.filter(({ id }) => id.startsWith(name));
  const [only, another] = found;
  if (only !== undefined && another === undefined) return only;
  throw new Agent33Error(
    "store.no_backup",
    only === undefined
      ? `There is no backup "${name}" in ${folder}.`
      : `${found.length} backups in ${folder} begin with "${name}".`,
    { hint: "`agent33 store backups` lists them. A path has a slash: ./NAME." },
  );
}

function isSnapshot(path: string): boolean {
  return path.endsWith(".db") && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
