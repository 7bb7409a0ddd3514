import { gunzipSync } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { archiveErrors } from "./archive-error.ts";
import { archiveLimits, checkRatio, type Unpacked } from "./unpacked.ts";

/** A tar has half a kilobyte around each entry besides what is in it. */
const mostTarBytes = archiveLimits.totalBytes + archiveLimits.entries * 2_048;

/** Unpacks a gzipped tar into memory. @throws Agent33Error `skills.archive_*` */
export async function unpackTarGz(bytes: Buffer, unpacked: Unpacked): Promise<void> {
  let tar: Buffer;
  try {
    tar = gunzipSync(bytes, { maxOutputLength: mostTarBytes });
  } catch (cause) {
    if (systemCodeOf(cause) === "ERR_BUFFER_TOO_LARGE") {
      throw archiveErrors.tooLarge(`more than ${mostTarBytes} bytes`);
    }
    throw archiveErrors.malformed(messageOf(cause), cause);
  }
  checkRatio(tar.length, bytes.length);
  await unpackTar(tar, unpacked);
}

/** Unpacks a tar into memory. @throws Agent33Error `skills.archive_*` */
export async function unpackTar(tar: Buffer, unpacked: Unpacked): Promise<void> {
  const entries = extract();
  entries.end(tar);
  try {
    for await (const entry of entries) {
      const { header } = entry;
      const isFolder = header.type === "directory";
      const path = unpacked.enter(header.name, isFolder);
      refuseSpecial(path, header);
      unpacked.announce(path, header.size);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (isFolder) continue;
      const isExecutable = (header.mode & 0o111) !== 0;
      unpacked.add(path, { bytes: Buffer.concat(chunks), isExecutable });
    }
  } catch (cause) {
    if (isAgent33Error(cause)) throw cause;
    throw archiveErrors.malformed(messageOf(cause), cause);
  }
}

function refuseSpecial(path: string, { type, linkname }: Header): void {
  if (type === "file" || type === "contiguous-file" || type === "directory") return;
  if (type === "link" || type === "symlink") throw archiveErrors.link(path, linkname);
  throw archiveErrors.special(path, type.replaceAll("-", " "));
}
