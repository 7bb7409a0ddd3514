import { type FileHandle, open } from "node:fs/promises";
import { sha256 } from "../../base/digest.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";

/** Bytes that can be read from any place. */
export interface ByteSource {
  /** What people call it: a path. */
  readonly name: string;
  readonly size: number;
  /** Up to `length` bytes from `offset`; fewer only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a file for reading. What is appended to it later is not seen.
 * @throws Agent33Error `store.unreadable_source`
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const failed = (cause: unknown): Agent33Error => {
    const why = systemCodeOf(cause) ?? messageOf(cause);
    return new Agent33Error("store.unreadable_source", `${path} cannot be read: ${why}.`, {
      hint: "Give the path of a file that this user may read.",
      details: { path },
      cause,
    });
  };
  const mapped = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw failed(error);
    }
  };
  const handle = await mapped(open(path, "r"));
  const { size } = await mapped(handle.stat());
  return {
    name: path,
    size,
    read: (offset, length) => mapped(readFully(handle, offset, Math.min(length, size - offset))),
    close: () => mapped(handle.close()),
  };
}

/** Bytes in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    close: () => Promise.resolve(),
  };
}

async function readFully(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  if (length <= 0) return new Uint8Array(0);
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

const identityBytes = 64 * 1024;

/** Says whether two sources are the same: SHA-256 of the size and of the first and last 64 KiB. */
export async function identityOf(source: ByteSource): Promise<string> {
  const head = await source.read(0, identityBytes);
  const tail = await source.read(Math.max(0, source.size - identityBytes), identityBytes);
  return sha256(`${source.size}\n${sha256(head)}\n${sha256(tail)}`);
}
