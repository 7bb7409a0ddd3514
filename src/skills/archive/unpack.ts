import { readFile, stat } from "node:fs/promises";
import { archiveErrors } from "./archive-error.ts";
import { unpackTar, unpackTarGz } from "./tar.ts";
import { archiveLimits, Unpacked, type UnpackedFile } from "./unpacked.ts";
import { unpackZip } from "./zip.ts";

/**
 * Unpacks an archive of skills into memory: ZIP (`.zip`, `.skill`), tar, tar with gzip, whatever it
 * is called.
 * @returns the files by their paths; nothing has been written
 * @throws Agent33Error `skills.archive_*` for whatever is odd about any of its entries
 */
export async function unpackArchive(file: string): Promise<ReadonlyMap<string, UnpackedFile>> {
  const { size } = await stat(file);
  if (size > archiveLimits.packedBytes) {
    throw archiveErrors.tooLarge(`${size} bytes, more than ${archiveLimits.packedBytes}`);
  }
  const bytes = await readFile(file);
  const unpacked = new Unpacked(bytes.length);
  await unpackerOf(bytes)(bytes, unpacked);
  return unpacked.files;
}

function unpackerOf(bytes: Buffer): (bytes: Buffer, unpacked: Unpacked) => Promise<void> {
  // An empty ZIP begins with the record that others end with.
  if (["PK\u0003\u0004", "PK\u0005\u0006"].includes(bytes.toString("latin1", 0, 4)))
    return unpackZip;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return unpackTarGz;
  if (bytes.toString("latin1", 257, 262) === "ustar") return unpackTar;
  throw archiveErrors.unknownFormat();
}
