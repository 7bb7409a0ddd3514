import type { Readable } from "node:stream";
import { type Entry, fromBufferPromise, getFileNameLowLevel, type ZipFile } from "yauzl";
import { isAgent33Error, messageOf } from "../../base/errors.ts";
import { archiveErrors } from "./archive-error.ts";
import type { Unpacked } from "./unpacked.ts";

/** File types in the upper half of the attributes that Unix programs write (APPNOTE, 4.4.15). */
const typeMask = 0o170000;
const types: ReadonlyMap<number, string> = new Map([
  [0o120000, "link"],
  [0o020000, "character device"],
  [0o060000, "block device"],
  [0o010000, "pipe"],
  [0o140000, "socket"],
]);

/** Unpacks a ZIP file into memory. @throws Agent33Error `skills.archive_*` */
export async function unpackZip(bytes: Buffer, unpacked: Unpacked): Promise<void> {
  try {
    // Names are looked at here, so that each fault of one has its own words.
    const zip = await fromBufferPromise(bytes, { lazyEntries: true, decodeStrings: false });
    for await (const entry of zip.eachEntry()) await take(zip, entry, unpacked);
  } catch (cause) {
    if (isAgent33Error(cause)) throw cause;
    throw archiveErrors.malformed(messageOf(cause), cause);
  }
}

async function take(zip: ZipFile, entry: Entry, unpacked: Unpacked): Promise<void> {
  const { generalPurposeBitFlag, fileNameRaw, extraFields, uncompressedSize } = entry;
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
  const mode = entry.externalFileAttributes >>> 16;
  const type = types.get(mode & typeMask);
  const isFolder = name.endsWith("/");
  const path = unpacked.enter(name, isFolder);
  if (entry.isEncrypted()) throw archiveErrors.encrypted(path);
  if (type === "link") {
    unpacked.announce(path, uncompressedSize);
    const target = await contentOf(zip, entry, unpacked.roomBytes);
    throw archiveErrors.link(path, printed(target));
  }
  if (type !== undefined) throw archiveErrors.special(path, type);
  if (isFolder) return;
  unpacked.announce(path, uncompressedSize);
  const bytes = await contentOf(zip, entry, unpacked.roomBytes);
  unpacked.add(path, { bytes, isExecutable: (mode & 0o111) !== 0 });
}

/** An entry's content; what it says of its size is only said. */
async function contentOf(zip: ZipFile, entry: Entry, mostBytes: number): Promise<Buffer> {
  const stream: Readable = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const piece = chunk as Buffer;
    size += piece.length;
    if (size > mostBytes)
      throw archiveErrors.tooLarge(`a file that goes on beyond ${mostBytes} bytes`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

function printed(target: Buffer): string {
  return JSON.stringify(target.subarray(0, 200).toString("utf8")).slice(1, -1);
}
