import type { DiskFault } from "../../support/disk/library.ts";

/** A way in which a disk fails, and what is to be seen of it. */
export interface FaultKind {
  readonly name: string;
  readonly fault: Omit<DiskFault, "after">;
  /** After how many operations it begins at most, the opening of the store among them. */
  readonly latest: number;
  /** What refused writes are told. */
  readonly codes: readonly string[];
  /**
   * What else may be told of a failure just before the disk worked again, which was looked into just
   * after: SQLite says "disk I/O error" of a read-only disk and "malformed" of one that cannot be read,
   * and by then it is neither any more.
   */
  readonly codesAtMending?: readonly string[];
  /** Whether writes are refused; where only the journal fails, none is. */
  readonly refuses: boolean;
  /** Whether reads must be answered meanwhile. */
  readonly reads: boolean;
  /** Pages that SQLite keeps in memory; few, where reads are to reach the disk. */
  readonly cachePages?: number;
}

const store = ["file", "log", "elsewhere"] as const;
const latest = 500;

export const faultKinds: readonly FaultKind[] = [
  {
    name: "writes fail (EIO)",
    fault: { on: ["write"], of: store, with: "EIO" },
    latest,
    codes: ["store.io"],
    refuses: true,
    reads: true,
  },
  {
    name: "flushes fail (EIO)",
    fault: { on: ["sync"], of: store, with: "EIO" },
    latest,
    codes: ["store.io"],
    refuses: true,
    reads: true,
  },
  {
    name: "three flushes fail (EIO)",
    fault: { on: ["sync"], of: store, with: "EIO", times: 3 },
    latest,
    codes: ["store.io"],
    // Those of a move into the file refuse nothing.
    refuses: false,
    reads: true,
  },
  {
    name: "reads fail (EIO)",
    fault: { on: ["read"], of: store, with: "EIO" },
    latest,
    codes: ["store.io"],
    codesAtMending: ["store.corrupt"],
    refuses: false,
    reads: false,
    cachePages: 5,
  },
  {
    name: "no space (ENOSPC)",
    fault: { on: ["write", "name"], with: "ENOSPC" },
    latest,
    codes: ["store.full"],
    refuses: true,
    reads: true,
  },
  {
    name: "read-only in use (EROFS)",
    fault: { on: ["write", "name"], with: "EROFS" },
    latest,
    codes: ["store.readonly"],
    codesAtMending: ["store.io"],
    refuses: true,
    reads: true,
  },
  {
    name: "the journal's writes fail (EIO)",
    fault: { on: ["write", "name"], of: ["journal"], with: "EIO" },
    latest,
    codes: [],
    refuses: false,
    reads: true,
  },
  {
    name: "the journal's flushes fail (EIO)",
    fault: { on: ["sync"], of: ["journal"], with: "EIO" },
    // One a second.
    latest: 2,
    codes: [],
    refuses: false,
    reads: true,
  },
];
