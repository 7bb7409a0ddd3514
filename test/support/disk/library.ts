import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(import.meta.resolve("./watched.c"));

/**
 * Compiles the library that stands between a program and the C library.
 * @returns its path, in the folder that is given
 */
export function compileLibrary(folder: string): string {
  const to = join(folder, "watched.so");
  const flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", to, source];
  const { status, stderr, error } = spawnSync("gcc", [...flags, "-ldl", "-lpthread"], {
    encoding: "utf8",
  });
  if (status === 0) return to;
  throw new Error(`gcc is needed here (Debian: gcc and libc6-dev): ${error?.message ?? stderr}`);
}

export interface WatchedDisk {
  readonly library: string;
  /** The folder whose files are watched, without links in its path. */
  readonly folder: string;
  /** The file that gets a record of each operation. Flushes are written down and not done. */
  readonly trace?: string;
  /** The file by which to tell what is to fail. */
  readonly orders?: string;
  /** Whether flushes are done, too. */
  readonly syncs?: boolean;
}

/** The environment of a child whose files are watched. */
export function watchedEnvironment(disk: WatchedDisk): Readonly<Record<string, string>> {
  const { library, folder, trace, orders, syncs } = disk;
  return {
    LD_PRELOAD: library,
    DISK_FOLDER: folder,
    // A ring of the kernel's own would pass by.
    UV_USE_IO_URING: "0",
    ...(trace === undefined ? {} : { DISK_TRACE: trace }),
    ...(orders === undefined ? {} : { DISK_ORDERS: orders }),
    ...(syncs === true ? { DISK_SYNCS: "1" } : {}),
  };
}

const kinds = { write: 1, sync: 2, read: 4, name: 8 } as const;
const parts = { file: 1, log: 2, journal: 4, elsewhere: 8 } as const;
const errors = { EIO: 5, EFBIG: 27, ENOSPC: 28, EROFS: 30, EDQUOT: 122 } as const;

/** What is to fail. */
export interface DiskFault {
  readonly on: readonly (keyof typeof kinds)[];
  /** Of which files: the store's own, its write-ahead log, its journal. Default: all. */
  readonly of?: readonly (keyof typeof parts)[];
  readonly with: keyof typeof errors;
  /** How many are let by before; default none. */
  readonly after?: number;
  /** How many fail; default all, until the order is withdrawn. */
  readonly times?: number;
}

export interface DiskOrders {
  readonly path: string;
  fail(fault: DiskFault): void;
  /** Nothing fails any more. */
  mend(): void;
  /** Operations that the last order spoke of, and how many of them failed. */
  seen(): { readonly seen: number; readonly failed: number };
  close(): void;
}

const words = 7;

/** Orders to the library in running children, by memory that they share with this file. */
export function diskOrders(path: string): DiskOrders {
  // One that is shared already must never be shorter than it is.
  if (!existsSync(path)) writeFileSync(path, Buffer.alloc(words * 8));
  const handle = openSync(path, "r+");
  const put = (from: number, values: readonly number[]): void => {
    const bytes = Buffer.alloc(values.length * 8);
    for (const [index, value] of values.entries()) bytes.writeBigInt64LE(BigInt(value), index * 8);
    writeSync(handle, bytes, 0, bytes.length, from * 8);
  };
  const mask = (of: Readonly<Record<string, number>>, names: readonly string[]): number =>
    names.reduce((sum, name) => sum | (of[name] ?? 0), 0);
  return {
    path,
    fail: ({ on, of = ["file", "log", "journal", "elsewhere"], with: error, after = 0, times }) => {
      put(0, [0]);
      put(1, [mask(parts, of), errors[error], after, times ?? -1, 0, 0]);
      put(0, [mask(kinds, on)]);
    },
    mend: () => put(0, [0]),
    seen: () => {
      const bytes = Buffer.alloc(words * 8);
      readSync(handle, bytes, 0, bytes.length, 0);
      return { seen: Number(bytes.readBigInt64LE(40)), failed: Number(bytes.readBigInt64LE(48)) };
    },
    close: () => closeSync(handle),
  };
}
