import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { policyError, type Position } from "./errors.ts";
import { parsePack } from "./pack-file.ts";
import type { LoadedPack } from "./pack.ts";

// The same number of steps up from `src/` and from `dist/`.
const shippedFolder = fileURLToPath(new URL("../../../packs/", import.meta.url));

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
    const pack = parsePack(
      readable(file, () => readFileSync(file, "utf8")),
      file,
    );
    checkIds(pack);
    const other = fileOf.get(pack.name);
    if (other !== undefined) {
      const at = { file, line: 1, column: 1 };
      const message = `the pack "${pack.name}" is already defined in ${other}.`;
      throw policyError("duplicate_pack", at, message, "Give one of the two another name.");
    }
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
    if (pack === undefined) {
      const hint = suggestName(name, [...library.keys()]);
      const by = at === undefined ? `, which ${setting} names` : "";
      throw policyError("unknown_pack", at, `there is no policy pack "${name}"${by}.`, hint);
    }
    open.push(name);
    for (const other of pack.extends) visit(other.name, other.at);
    open.pop();
    loaded.set(name, pack);
  };
  for (const name of select) visit(name, undefined);
  return [...loaded.values()];
}

/** The files of a path: a file as it is, a folder as the pack files in it, sorted by name. */
function packFilesAt(path: string): readonly string[] {
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
    const hint = "Correct the path in the settings, or make the file readable.";
    throw policyError("unreadable_pack", { file, line: 1, column: 1 }, message, hint, cause);
  }
}

function checkIds(pack: LoadedPack): void {
  const seen = new Set<string>();
  for (const rule of pack.rules) {
    if (seen.has(rule.id)) {
      const message = `the pack "${pack.name}" has two rules with the id "${rule.id}".`;
      throw policyError("duplicate_rule", rule.at, message, "Give one of them another id.");
    }
    seen.add(rule.id);
  }
}
