import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";

/** One page as some write left it. */
export interface PageImage {
  readonly number: number;
  readonly bytes: Buffer;
  /** The frame of the write-ahead log that it is from; undefined for the database's own page. */
  readonly frame?: number;
}

/** What a frame says before its page (https://sqlite.org/fileformat2.html#walformat). */
interface Frame {
  readonly page: number;
  /** The size of the database in pages after the commit that the frame ends; else 0. */
  readonly commit: number;
  readonly salts: string;
}

/** All pages of a database and its write-ahead log, each as often as it was written. */
export interface PageImages {
  readonly pageSize: number;
  /** Frames behind the last commit of the log: of a transaction that nobody was told had happened. */
  readonly tornFrames: number;
  /** Every image, but for torn ones; the buffer is used again for the next. */
  all(): Generator<PageImage>;
  /** The images of one page, the newest first, as far as they are there. */
  of(number: number): Generator<Buffer>;
  /** How much there is to read. */
  readonly bytes: number;
  close(): void;
}

/** What every store is made with, whatever a damaged header says. */
const ownPageSize = 4096;
const walHeader = 32;
const frameHeader = 24;

/** Opens a database's file and its `-wal`, either of which may be missing or be anything. */
export function openPageImages(path: string): PageImages {
  const database = openIf(path);
  const wal = openIf(`${path}-wal`);
  const pageSize = ownPageSize;
  const pages = Math.ceil((database?.bytes ?? 0) / pageSize);
  const frames = wal === undefined ? [] : readFrames(wal, pageSize);
  const salts = frames[0]?.salts;
  const last = frames.findLastIndex((frame) => frame.salts === salts && frame.commit !== 0);
  const isTorn = (index: number): boolean => index > last && frames[index]?.salts === salts;
  const framesOf = new Map<number, number[]>();
  for (const [index, { page }] of frames.entries()) {
    if (isTorn(index)) continue;
    const known = framesOf.get(page);
    if (known === undefined) framesOf.set(page, [index]);
    else known.unshift(index);
  }
  const pageAt = (index: number, into: Buffer): Buffer =>
    read(database, into, (index - 1) * pageSize);
  const frameAt = (index: number, into: Buffer): Buffer =>
    read(wal, into, walHeader + index * (frameHeader + pageSize) + frameHeader);
  return {
    pageSize,
    tornFrames: frames.filter((_, index) => isTorn(index)).length,
    bytes: (database?.bytes ?? 0) + (wal?.bytes ?? 0),
    *all() {
      const into = Buffer.alloc(pageSize);
      for (let number = 1; number <= pages; number += 1) {
        yield { number, bytes: pageAt(number, into) };
      }
      for (const [frame, { page }] of frames.entries()) {
        if (!isTorn(frame)) yield { number: page, bytes: frameAt(frame, into), frame };
      }
    },
    *of(number) {
      const into = Buffer.alloc(pageSize);
      for (const frame of framesOf.get(number) ?? []) yield frameAt(frame, into);
      if (number >= 1 && number <= pages) yield pageAt(number, into);
    },
    close: () => {
      for (const file of [database, wal]) if (file !== undefined) closeSync(file.handle);
    },
  };
}

interface OpenFile {
  readonly handle: number;
  readonly bytes: number;
}

function openIf(path: string): OpenFile | undefined {
  if (!existsSync(path)) return undefined;
  const handle = openSync(path, "r");
  return { handle, bytes: fstatSync(handle).size };
}

/** Fills a buffer from a place of a file; what the file does not have is zeros. */
function read(file: OpenFile | undefined, into: Buffer, at: number): Buffer {
  const length = file === undefined ? 0 : readSync(file.handle, into, 0, into.length, at);
  return into.fill(0, length);
}

function readFrames(wal: OpenFile, pageSize: number): readonly Frame[] {
  const stride = frameHeader + pageSize;
  const count = Math.ceil(Math.max(wal.bytes - walHeader, 0) / stride);
  const header = Buffer.alloc(frameHeader);
  return Array.from({ length: count }, (_, index) => {
    read(wal, header, walHeader + index * stride);
    return {
      page: header.readUInt32BE(0),
      commit: header.readUInt32BE(4),
      salts: header.toString("hex", 8, 16),
    };
  });
}
