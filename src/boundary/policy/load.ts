import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Agent33Error, messageOf } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { policyError, type Position } from "./errors.ts";
import { parsePack } from "./pack-file.ts";
import type { LoadedPack } from "./pack.ts";

// The same number of steps up from `src/` and from `dist/`.
export const shippedFolder = fileURLToPath(new URL("../../../packs/", import.meta.url));

/** All packs that can be selected, by name. */
export type PackLibrary = ReadonlyMap<string, LoadedPack>;

export interface LoadPacksOptions {
  /** Names of the packs that apply together. */
  readonly select: readonly string[];
  /** Further pack files, or folders of `*.yaml` and `*.yml` files, beside the shipped ones. */
  readonly paths?: readonly string[];
}

/**
 * Reads the shipped packs and those at the given paths, selected or not, so that a broken file is
 * found before somebody needs it.
 * @throws Agent33Error `policy.unreadable_pack`, `policy.malformed_pack`, `policy.duplicate_rule`,
 * `policy.duplicate_pack`
 */
export function readLibrary(paths: readonly string[] = []): PackLibrary {
  const files = new Set([shippedFolder, ...paths].flatMap(packFilesAt));
  const library = new Map<string, LoadedPack>();
  const fileOf = new Map<string, string>();
  for (const file of files) {
    const pack = parsePack(readPackFile(file), file);
    const [problem] = duplicateIds(pack);
    if (problem !== undefined) throw problem;
    const other = fileOf.get(pack.name);
    if (other !== undefined) throw duplicatePack(pack.name, file, other);
    library.set(pack.name, pack);
    fileOf.set(pack.name, file);
  }
  return library;
}

/**
 * {@link selectPacks} from the shipped packs and those at the paths.
 * @throws Agent33Error whatever {@link selectPacks} and {@link readLibrary} throw
 */
export function loadPacks({ select, paths }: LoadPacksOptions): readonly LoadedPack[] {
  return selectPacks(readLibrary(paths), select);
}

/**
 * The selected packs and all that they extend, each once, the extended before the extending.
 * @param setting what names them, for messages
 * @throws Agent33Error `policy.unknown_pack`, `policy.extends_cycle`, `policy.no_pack`
 */
export function selectPacks(
  library: PackLibrary,
  select: readonly string[],
  setting = "policy.packs",
): readonly LoadedPack[] {
  if (select.length === 0) {
    const hint = `Select at least one pack. ${suggestName("", [...library.keys()])}`;
    throw policyError("no_pack", undefined, "no policy pack is selected.", hint);
  }
  const loaded = new Map<string, LoadedPack>();
  const open: string[] = [];

  const visit = (name: string, at: Position | undefined): void => {
    if (loaded.has(name)) return;
    if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name].join(" -> ");
      const message = `packs extend each other in a circle: ${circle}.`;
      throw policyError("extends_cycle", at, message, "Take one of them out of `extends`.");
    }
    const pack = library.get(name);
    if (pack === undefined) throw unknownPack(name, at, library, setting);
    open.push(name);
    for (const other of pack.extends) visit(other.name, other.at);
    open.pop();
    loaded.set(name, pack);
  };
  for (const name of select) visit(name, undefined);
  return [...loaded.values()];
}

/** @param setting what names the pack where no place in a file does */
export function unknownPack(
  name: string,
  at: Position | undefined,
  library: PackLibrary,
  setting: string,
): Agent33Error {
  const hint = suggestName(name, [...library.keys()]);
  const by = at === undefined ? `, which ${setting} names` : "";
  return policyError("unknown_pack", at, `there is no policy pack "${name}"${by}.`, hint);
}

export function duplicatePack(name: string, file: string, other: string): Agent33Error {
  const at = { file, line: 1, column: 1 };
  const message = `the pack "${name}" is already defined in ${other}.`;
  return policyError("duplicate_pack", at, message, "Give one of the two another name.");
}

/** @throws Agent33Error `policy.unreadable_pack` */
export function readPackFile(file: string): string {
  return readable(file, () => readFileSync(file, "utf8"));
}

/**
 * A file as it is, a folder as the pack files in it, sorted by name.
 * @throws Agent33Error `policy.unreadable_pack`
 */
export function packFilesAt(path: string): readonly string[] {
  const full = resolve(path);
  if (!readable(full, () => statSync(full)).isDirectory()) return [full];
  return readable(full, () => readdirSync(full))
    .filter((name) => name.endsWith(".yaml") || name.endsWith(".yml"))
    .sort()
    .map((name) => join(full, name));
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `cannot be read: ${messageOf(cause)}`;
    const hint = "Correct the path, or make the file readable.";
    throw policyError("unreadable_pack", { file, line: 1, column: 1 }, message, hint, cause);
  }
}

/** Every rule whose id another rule of the pack has taken already. */
export function duplicateIds(pack: LoadedPack): readonly Agent33Error[] {
  const seen = new Set<string>();
  return pack.rules.flatMap((rule) => {
    if (!seen.has(rule.id)) {
      seen.add(rule.id);
      return [];
    }
    const message = `the pack "${pack.name}" has two rules with the id "${rule.id}".`;
    return [policyError("duplicate_rule", rule.at, message, "Give one of them another id.")];
  });
}
