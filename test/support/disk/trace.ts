import { readFileSync } from "node:fs";

const kinds = {
  1: "create",
  2: "write",
  3: "cut",
  4: "sync",
  5: "rename",
  6: "unlink",
  7: "mkdir",
  8: "rmdir",
  9: "link",
  10: "said",
  11: "escaped",
  12: "not synced",
} as const;

/** What was done to a disk, or said by the program that did it. */
export interface DiskOperation {
  readonly kind: (typeof kinds)[keyof typeof kinds];
  /** The number of the file or the folder, where it was open or is new. */
  readonly file: number;
  /** Where bytes were written, or the length that was left. */
  readonly at: number;
  /** When it was done, milliseconds on a clock of the machine. */
  readonly ms: number;
  /** Below the watched folder, which is "" itself; two with a NUL between where there are two. */
  readonly path: string;
  readonly bytes: Buffer;
}

const headBytes = 48;

/** The operations of a trace, in their order. */
export function readTrace(path: string): readonly DiskOperation[] {
  const all = readFileSync(path);
  const operations: DiskOperation[] = [];
  for (let from = 0; from < all.length; ) {
    const word = (index: number): number => Number(all.readBigUInt64LE(from + index * 8));
    const [pathLength, length] = [word(4), word(5)];
    const kind = kinds[word(0) as keyof typeof kinds];
    const bytesFrom = from + headBytes + pathLength;
    operations.push({
      kind,
      file: word(1),
      at: word(2),
      ms: word(3),
      path: all.toString("utf8", from + headBytes, bytesFrom),
      bytes: all.subarray(bytesFrom, bytesFrom + length),
    });
    from = bytesFrom + length;
  }
  return operations;
}
