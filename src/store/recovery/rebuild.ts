import { rmSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isAgent33Error, messageOf } from "../../base/errors.ts";
import { type Base, basesFor } from "../backup/base.ts";
import type { BackupEntry } from "../backup/catalogue.ts";
import { healedManifest } from "../backup/manifest.ts";
import { type Prepared, prepare, type PrepareOptions } from "../backup/prepare.ts";
import { journalFolder } from "../journal/segments.ts";

export interface RebuildOptions extends Omit<PrepareOptions, "backup" | "target"> {
  /** The newest first. */
  readonly backups: readonly BackupEntry[];
}

/** What could be rebuilt; `undefined` where neither a backup nor the journal leads anywhere. */
export interface Rebuilt {
  readonly prepared: Omit<Prepared, "passedOver"> | undefined;
  readonly passedOver: Prepared["passedOver"];
  /** Of these, those whose manifest says what they should be. */
  readonly damaged: readonly BackupEntry[];
}

/**
 * Makes a store in an empty folder of the nearest backup that is whole and of what the journal has
 * since. Where that cannot be used, the next is taken, whatever is wrong with it; a change that does
 * not fit ends the journal.
 */
export async function rebuild(folder: string, options: RebuildOptions): Promise<Rebuilt> {
  const backups = options.backups.map(withManifest);
  const passedOver = backups.flatMap(({ path, fault }) =>
    fault === undefined ? [] : [{ path, why: fault.message }],
  );
  const damaged = new Set<BackupEntry>();
  for (const base of basesFor(backups, join(options.dataDir, journalFolder), {})) {
    const { path } = base.backup ?? { path: "the journal alone" };
    if (passedOver.some((one) => one.path === path)) continue;
    try {
      return {
        prepared: await prepareUpTo(folder, base, options),
        passedOver,
        damaged: [...damaged],
      };
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      passedOver.push({ path, why: messageOf(error) });
      if (base.backup !== undefined) damaged.add(base.backup);
    }
  }
  return { prepared: undefined, passedOver, damaged: [...damaged] };
}

function withManifest(entry: BackupEntry): BackupEntry {
  const { id, path } = entry;
  const manifest = entry.fault === undefined ? undefined : healedManifest(path);
  return manifest === undefined ? entry : { id, path, manifest };
}

/** Goes as far in the journal as its changes fit. */
async function prepareUpTo(folder: string, base: Base, options: RebuildOptions) {
  const { backups: _, ...rest } = options;
  let before: number | undefined;
  for (;;) {
    mkdirSync(folder, { mode: 0o700 });
    try {
      const target = before === undefined ? {} : { target: { seq: before } };
      return await prepare(folder, base, { ...rest, ...target, mayUpgrade: true, heal: true });
    } catch (error) {
      const misfit = misfitIn(error);
      if (misfit === undefined || (before !== undefined && misfit > before)) throw error;
      before = misfit - 1;
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** The number of the change that does not fit. */
function misfitIn(error: unknown): number | undefined {
  if (!isAgent33Error(error) || error.code !== "store.journal_mismatch") return undefined;
  const seq = error.details?.["seq"];
  return typeof seq === "number" ? seq : undefined;
}
