import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  existsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { makeFolder, putFile, syncToDisk } from "../../base/disk.ts";
import { Agent33Error, isAgent33Error, messageOf } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";
import { blockBytes, protect } from "../parity/blocks.ts";
import { writeParity } from "../parity/parity.ts";
import type { SqlSession } from "../sqlite/session.ts";
import { continuity } from "./continuity.ts";
import { type Done, encodeLine, type JournalLine, keysOf } from "./line.ts";
import { advance, beginHistory, type Position } from "./position.ts";
import { type Origin, originName, packedPath, segmentName, segmentOf } from "./segments.ts";

export interface JournalFileOptions {
  /** The folder of all histories of the store. */
  readonly folder: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** The version of the schema that this program works with. */
  readonly schema: number;
  /** Told when the journal stops being whole, or cannot be written. */
  readonly onTrouble: (error: Agent33Error) => void;
}

/** The journal of a store, as one process writes to it. Others may do the same. */
export interface JournalFile {
  /**
   * Numbers the open transaction and writes down what it does. The write lock is held, so that lines
   * are in the order of commits over all processes. What keeps it from writing keeps no
   * transaction from its commit: the store has it; the journal begins a history anew.
   */
  append(sql: SqlSession, statements: readonly Done[]): void;
  /** The change that was appended last was not kept. */
  undo(): void;
  /** All that was appended is on the disk when this returns. */
  close(): void;
}

/**
 * So long after a line a flush is begun: with the time that a disk takes for one, all but the last
 * second of what was acknowledged is on it.
 */
const syncEveryMs = 700;

interface OpenSegment {
  readonly path: string;
  readonly handle: number;
  /** The keys of texts that this process has written to it. */
  readonly told: Set<string>;
  /** Blocks of it whose parity is done, and bytes that this process wrote since it looked. */
  protectedBlocks: number;
  unprotected: number;
}

/** After a failure the journal is left alone for so long: trying costs each commit something. */
const pauseMs = 10_000;

export function openJournal(options: JournalFileOptions): JournalFile {
  const { folder, clock, ids, schema } = options;
  /** The last change that this process knows to be in the journal. */
  let known: Position | undefined;
  let segment: OpenSegment | undefined;
  let retired: OpenSegment[] = [];
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let unprotectedUntil = Number.NEGATIVE_INFINITY;
  /** Whether the journal may lack something of the history that the store is in. */
  let doubted = false;
  /** A history that the store went into because the journal could not be written. */
  let unwritten: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let protecting: NodeJS.Immediate | undefined;
  let flushes = 0;
  let closed = false;

  const failed = (error: unknown): void => {
    known = undefined;
    doubted = true;
    pausedUntil = clock.monotonic() + pauseMs;
    options.onTrouble(journalFailure(folder, error));
  };

  /**
   * The store leaves a history that the journal does not have all of, in the same transaction, so
   * that no process takes it for whole.
   */
  const leave = (sql: SqlSession, next: Position): Position => {
    if (next.history === unwritten) return next;
    unwritten = ids();
    const left = { history: unwritten, seq: next.seq };
    beginHistory(sql, left);
    return left;
  };

  /** What a failed flush was to bring may be gone for good, and no later one says so. */
  const syncNow = (handle: number, isLast: boolean): void => {
    flushes += 1;
    fdatasync(handle, (error) => {
      flushes -= 1;
      const isLost = error !== null && segment?.handle === handle;
      if (isLost) segment = undefined;
      if (isLost || isLast) closeSync(handle);
      if (error !== null && !closed) failed(error);
    });
  };

  /** The changes are kept without it, too: what fails here is told of and tried again later. */
  const protectSegment = (one: OpenSegment): void => {
    if (clock.monotonic() < unprotectedUntil) return;
    try {
      one.protectedBlocks = protect(one.path, one.protectedBlocks);
    } catch (error) {
      unprotectedUntil = clock.monotonic() + pauseMs;
      options.onTrouble(journalFailure(folder, error));
    }
  };

  const leaveSegment = (): void => {
    if (segment !== undefined) retired.push(segment);
    segment = undefined;
  };

  const syncAll = (): void => {
    if (flushes > 0) return syncSoon();
    if (segment !== undefined && fstatSync(segment.handle).nlink === 0) {
      // One that is full may have been packed by another process; others are gone.
      if (!existsSync(packedPath(segment.path))) failed(new Error("its file was removed"));
      leaveSegment();
    }
    const left = retired;
    retired = [];
    for (const one of left) {
      protectSegment(one);
      syncNow(one.handle, true);
    }
    if (segment === undefined) return;
    protectSegment(segment);
    syncNow(segment.handle, false);
  };

  const syncSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      try {
        syncAll();
      } catch (error) {
        failed(error);
      }
    }, syncEveryMs).unref();
  };

  const segmentFor = ({ history, seq }: Position): OpenSegment => {
    const path = join(folder, history, segmentName(segmentOf(seq)));
    if (segment?.path === path) return segment;
    leaveSegment();
    const isNew = !existsSync(path);
    segment = {
      path,
      handle: openSync(path, "a", 0o600),
      told: new Set(),
      protectedBlocks: 0,
      unprotected: 0,
    };
    if (isNew) syncToDisk(join(folder, history));
    return segment;
  };

  const write = (position: Position, line: JournalLine): void => {
    const one = segmentFor(position);
    const bytes = Buffer.from(encodeLine(position.history, line, one.told));
    for (let from = 0; from < bytes.length; ) from += writeSync(one.handle, bytes, from);
    one.unprotected += bytes.length;
    // Block by block, so that a flush does not find many to be done at once.
    if (one.unprotected >= blockBytes) {
      one.unprotected = 0;
      protecting ??= setImmediate(() => {
        protecting = undefined;
        protectSegment(one);
      }).unref();
    }
    syncSoon();
  };

  /** Where the journal cannot go on from what it has, a history begins. */
  const placed = (sql: SqlSession, next: Position | undefined): Position => {
    if (next !== undefined && isNext(known, next)) return next;
    const found = next === undefined ? undefined : continuity(folder, next);
    if (next !== undefined && found === "whole") return next;
    const at = clock.now();
    if (next !== undefined && found === "fresh") {
      const { history, seq, parent = null } = next;
      createHistory(folder, { history, at, seq: seq - 1, parent, empty: false });
      return next;
    }
    const seq = next?.seq ?? 1;
    const history = ids();
    const parent = next !== undefined && found === "behind" ? next.history : null;
    createHistory(folder, { history, at, seq: seq - 1, parent, empty: false });
    beginHistory(sql, { history, seq });
    if (next !== undefined) options.onTrouble(parent === null ? gap(next) : behind(next));
    return { history, seq };
  };

  return {
    append: (sql, statements) => {
      let next = advance(sql);
      if (doubted && next !== undefined) next = leave(sql, next);
      if (clock.monotonic() < pausedUntil) return;
      try {
        const position = placed(sql, next);
        const change = { seq: position.seq, at: clock.now(), schema, statements };
        write(position, change);
        for (const key of keysOf(change)) segment?.told.add(key);
        known = position;
        doubted = false;
      } catch (error) {
        // SQLite's own: the transaction cannot be committed.
        if (isAgent33Error(error)) throw error;
        failed(error);
        unwritten = undefined;
        if (next !== undefined) leave(sql, next);
      }
    },
    undo: () => {
      const last = known;
      known = undefined;
      if (last === undefined) return;
      try {
        write(last, { seq: last.seq, undone: true });
      } catch (error) {
        failed(error);
      }
    },
    close: () => {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      clearImmediate(protecting);
      leaveSegment();
      const left = retired;
      retired = [];
      for (const one of left) {
        protectSegment(one);
        try {
          fdatasyncSync(one.handle);
        } catch (error) {
          failed(error);
        } finally {
          closeSync(one.handle);
        }
      }
    },
  };
}

function isNext(known: Position | undefined, next: Position): boolean {
  return known !== undefined && known.history === next.history && known.seq === next.seq - 1;
}

/** Makes the folder of a history, on the disk. */
export function createHistory(folder: string, origin: Origin): void {
  const own = join(folder, origin.history);
  makeFolder(own);
  const path = join(own, originName);
  putFile(path, `${JSON.stringify(origin)}\n`, "new");
  writeParity(path, "w");
}

function gap({ seq }: Position): Agent33Error {
  return new Agent33Error("store.journal_gap", `The journal lacks changes before number ${seq}.`, {
    hint: "A backup makes it whole again: agent33 store backup. One is made by itself where the settings say so.",
  });
}

function behind({ seq }: Position): Agent33Error {
  return new Agent33Error(
    "store.behind_journal",
    `The journal has changes after number ${seq - 1} that the store does not have.`,
    {
      hint: "The store's file was replaced by an older one, or lost its last writes. Nothing of the journal is lost: agent33 store restore --dry-run says what it has.",
    },
  );
}

/** The error for a journal that cannot be written. */
export function journalFailure(folder: string, error: unknown): Agent33Error {
  return new Agent33Error(
    "store.journal_failed",
    `The journal in ${folder} cannot be written: ${messageOf(error)}.`,
    {
      hint: "The store goes on and has everything. Free space there, or mend its disk; then make a backup.",
      cause: error,
    },
  );
}
