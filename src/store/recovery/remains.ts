import { createReadStream, createWriteStream, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import type { BackupEntry } from "../backup/catalogue.ts";
import { lastHistories, stretchesOf } from "../journal/histories.ts";
import { isPackingFault } from "../pack.ts";
import { mended } from "../parity/parity.ts";

/**
 * Unpacks what can be had of the databases of damaged backups, for their rows to be judged by their
 * seals. Backups of histories that the store was taken back from are left out: what they have was
 * to be gone.
 * @param folder where they are unpacked
 * @returns the paths
 */
export async function remainsOf(
  backups: readonly BackupEntry[],
  journal: string,
  folder: string,
): Promise<readonly string[]> {
  const [newest] = lastHistories(journal);
  const line = newest === undefined ? undefined : stretchesOf(journal, newest);
  const ofTheStore = ({ manifest }: BackupEntry): boolean =>
    line?.some(
      ({ history, upTo }) =>
        manifest?.history === history && (upTo === null || manifest.seq <= upTo),
    ) ?? true;
  mkdirSync(folder, { mode: 0o700 });
  const paths: string[] = [];
  for (const { id, path, manifest } of backups.filter(ofTheStore)) {
    if (manifest === undefined) continue;
    const packed = join(path, manifest.database.name);
    if (!existsSync(packed)) continue;
    const to = join(folder, `${id}.db`);
    await unpackAsFar(packed, manifest.database.bytes, to);
    if (statSync(to).size > 0) paths.push(to);
  }
  return paths;
}

/** Unpacks a file up to the first place that cannot be, with what its parity can put right. */
async function unpackAsFar(packed: string, bytes: number, to: string): Promise<void> {
  const found = mended(packed, bytes);
  const source = found === undefined ? createReadStream(packed) : Readable.from([found.data]);
  try {
    await pipeline(source, createZstdDecompress(), createWriteStream(to, { mode: 0o600 }));
  } catch (error) {
    if (!isPackingFault(error)) throw error;
  }
}
