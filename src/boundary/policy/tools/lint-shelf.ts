import { resolve } from "node:path";
import { type Agent33Error, isAgent33Error } from "../../../base/errors.ts";
import { policyError } from "../errors.ts";
import { duplicateIds, duplicatePack, packFilesAt, readPackFile } from "../load.ts";
import { readPack } from "../pack-file.ts";
import type { LoadedPack } from "../pack.ts";

/** What pack files hold, read as far as they can be. */
export interface Shelf {
  readonly packs: Map<string, { readonly pack: LoadedPack; readonly file: string }>;
  /** Packs that are there and could not be read: what refers to them is not wrong for that. */
  readonly broken: Set<string>;
  readonly files: readonly string[];
}

/**
 * All packs of some files and folders, as far as they can be read; everything else is told.
 * @param besides files that are not to be read
 */
export function readShelf(
  places: readonly string[],
  besides: ReadonlySet<string>,
  tell: (error: Agent33Error) => void,
): Shelf {
  const shelf: Shelf & { readonly files: string[] } = {
    packs: new Map(),
    broken: new Set(),
    files: [],
  };
  const found = places.flatMap((place) => orTell(tell, () => packFilesAt(place)) ?? []);
  for (const file of new Set(found.map((path) => resolve(path)))) {
    if (besides.has(file)) continue;
    shelf.files.push(file);
    const text = orTell(tell, () => readPackFile(file));
    if (text === undefined) continue;
    const read = readPack(text, file);
    if (!read.ok) {
      for (const { code = "malformed_pack", at, message, hint, cause } of read.faults)
        tell(policyError(code, at, message, hint, cause));
      const name = /^pack:\s*["']?([\w-]+)/m.exec(text)?.[1];
      if (name !== undefined) shelf.broken.add(name);
    }
    const pack = read.ok ? read.pack : read.rest;
    if (pack === undefined) continue;
    for (const problem of duplicateIds(pack)) tell(problem);
    const other = shelf.packs.get(pack.name);
    if (other === undefined) shelf.packs.set(pack.name, { pack, file });
    else tell(duplicatePack(pack.name, file, other.file));
  }
  return shelf;
}

/** What `run` gives, or undefined after telling its typed error. */
export function orTell<T>(tell: (error: Agent33Error) => void, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    tell(error);
    return undefined;
  }
}
