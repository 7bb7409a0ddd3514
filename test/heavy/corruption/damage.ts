import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import type { Random } from "../../../src/base/random.ts";

const pageSize = 4096;
const walHeader = 32;
const frameSize = pageSize + 24;

/** What is done to a store's files. */
export interface Damage {
  readonly name: string;
  /** Whether its last rows stand in the write-ahead log only. */
  readonly inWal?: true;
  apply(path: string, random: Random): void;
}

type Kind = "any" | "leaf" | "interior" | "index" | "header" | "wal";

const types: Readonly<Record<number, Kind>> = {
  2: "index",
  5: "interior",
  10: "index",
  13: "leaf",
};

/** Places in a file by what stands there; a table in an index counts as one. */
function placesOf(bytes: Buffer, kind: Kind): readonly (readonly [from: number, to: number])[] {
  if (kind === "any" || kind === "wal") return [[0, bytes.length]];
  if (kind === "header") return [[0, 100]];
  const pages: (readonly [number, number])[] = [];
  for (let at = 0; at < bytes.length; at += pageSize) {
    if (types[bytes[at === 0 ? 100 : at] ?? 0] === kind) pages.push([at, at + pageSize]);
  }
  return pages;
}

function flip(path: string, kind: Kind, count: number, random: Random): void {
  const file = kind === "wal" ? `${path}-wal` : path;
  const bytes = readFileSync(file);
  const places = placesOf(bytes, kind);
  for (let done = 0; done < count; done += 1) {
    const [from, to] = places[Math.floor(random.next() * places.length)] ?? [0, bytes.length];
    const at = from + Math.floor(random.next() * (to - from));
    bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(random.next() * 255));
  }
  writeFileSync(file, bytes);
}

function zero(path: string, chosen: (type: number, page: number) => boolean): void {
  const bytes = readFileSync(path);
  for (let at = 0, page = 1; at < bytes.length; at += pageSize, page += 1) {
    if (chosen(bytes[at === 0 ? 100 : at] ?? 0, page)) bytes.fill(0, at, at + pageSize);
  }
  writeFileSync(path, bytes);
}

const flips = (kind: Kind, counts: readonly number[], where: string): readonly Damage[] =>
  counts.map((count) => ({
    name: `${count} flipped ${count === 1 ? "byte" : "bytes"} ${where}`,
    ...(kind === "wal" ? { inWal: true as const } : {}),
    apply: (path, random) => flip(path, kind, count, random),
  }));

/** Zeroes each inner page: of tables, of indexes, and of tables that are kept as an index. */
export function zeroInnerPages(path: string): void {
  zero(path, (type) => type === 5 || type === 2);
}

/** Every cell of the matrix. */
export const damages: readonly Damage[] = [
  ...flips("any", [1, 10, 100, 1000], "anywhere"),
  ...flips("header", [10], "of the header"),
  ...flips("interior", [10, 100], "of inner pages of tables"),
  ...flips("leaf", [10, 100], "of leaves of tables"),
  ...flips("index", [10, 100], "of indexes and tables in indexes"),
  ...flips("wal", [1, 10, 100, 1000], "of the write-ahead log"),
  { name: "page 1 zeroed", apply: (path) => zero(path, (_, page) => page === 1) },
  { name: "all inner pages of tables zeroed", apply: (path) => zero(path, (type) => type === 5) },
  {
    name: "all inner pages of tables and indexes zeroed",
    apply: zeroInnerPages,
  },
  {
    name: "100 pages zeroed",
    apply: (path, random) => {
      const pages = readFileSync(path).length / pageSize;
      const chosen = new Set<number>();
      while (chosen.size < 100) chosen.add(1 + Math.floor(random.next() * pages));
      zero(path, (_, page) => chosen.has(page));
    },
  },
  {
    name: "cut off at the border of a page",
    apply: (path, random) => {
      const pages = readFileSync(path).length / pageSize;
      truncateSync(path, pageSize * (1 + Math.floor(random.next() * (pages - 1))));
    },
  },
  {
    name: "cut off at the border of a frame of the write-ahead log",
    inWal: true,
    apply: (path, random) => {
      const frames = (readFileSync(`${path}-wal`).length - walHeader) / frameSize;
      truncateSync(`${path}-wal`, walHeader + frameSize * Math.floor(random.next() * frames));
    },
  },
  {
    name: "the write-ahead log deleted",
    inWal: true,
    apply: (path) => rmSync(`${path}-wal`),
  },
  {
    name: "a text file in place of the database",
    apply: (path) => writeFileSync(path, "This is no database.\n".repeat(1000)),
  },
];
