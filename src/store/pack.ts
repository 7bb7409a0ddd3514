import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { systemCodeOf } from "../base/errors.ts";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";

/** A file's size and digest, packed and as it was. */
export interface PackedFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly unpackedBytes: number;
  readonly unpackedSha256: string;
}

interface Meter {
  readonly through: (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>;
  bytes(): number;
  sha256(): string;
}

/** Counts and digests what flows through. */
function meter(onBytes?: (bytes: number) => void): Meter {
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    through: async function* (source) {
      for await (const piece of source) {
        hash.update(piece);
        bytes += piece.length;
        onBytes?.(bytes);
        yield piece;
      }
    },
    bytes: () => bytes,
    sha256: () => hash.digest("hex"),
  };
}

function figures(packed: Meter, plain: Meter): PackedFile {
  return {
    bytes: packed.bytes(),
    sha256: packed.sha256(),
    unpackedBytes: plain.bytes(),
    unpackedSha256: plain.sha256(),
  };
}

const pieceBytes = 256 * 1024;
const checksums = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

/** Packs a file into a new one, which is on the disk when this returns. */
export async function pack(from: string, to: string): Promise<PackedFile> {
  const [plain, packed] = [meter(), meter()];
  await pipeline(
    createReadStream(from, { highWaterMark: pieceBytes }),
    plain.through,
    createZstdCompress(checksums),
    packed.through,
    createWriteStream(to, { flags: "wx", mode: 0o600, flush: true }),
  );
  return figures(packed, plain);
}

/**
 * Unpacks a file into a new one, which is on the disk when this returns; without a target it is
 * only read.
 * @throws what node:zlib throws for what is no packed file or a damaged one, and node:fs
 */
export async function unpack(
  from: string,
  to: string | undefined,
  onBytes?: (bytes: number) => void,
): Promise<PackedFile> {
  const [packed, plain] = [meter(), meter(onBytes)];
  await pipeline(
    createReadStream(from, { highWaterMark: pieceBytes }),
    packed.through,
    createZstdDecompress(),
    plain.through,
    to === undefined ? nowhere() : createWriteStream(to, { flags: "wx", mode: 0o600, flush: true }),
  );
  return figures(packed, plain);
}

function nowhere(): Writable {
  return new Writable({ write: (_piece, _encoding, done) => done() });
}

/** Whether an error says that a packed file is damaged: the library has codes of its own for that. */
export function isPackingFault(error: unknown): boolean {
  const code = systemCodeOf(error) ?? "";
  return code.startsWith("ZSTD_") || code === "ERR_BUFFER_TOO_LARGE" || code === "Z_BUF_ERROR";
}
