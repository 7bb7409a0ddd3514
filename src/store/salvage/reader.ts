import { type SealedValue, sealHolds, spellingOf, isSeal } from "../seals/seal.ts";
import { type Cell, cellAt, type CellKind, cellStarts } from "./cells.ts";
import type { PageImage, PageImages } from "./page-images.ts";
import { recordHeaderAt, valuesOf } from "./record.ts";
import type { Shape } from "./shapes.ts";

/** A row whose seal holds, wherever it was found. */
export interface FoundRow {
  readonly shape: Shape;
  readonly values: readonly SealedValue[];
  readonly seal: string;
}

/** A part of a page that is accounted for. */
type Taken = readonly [from: number, to: number];

const innerOfTable = 0x05;
const sealText = /[0-9]{16}[0-9a-f]{32}/g;

/**
 * Every row in the pages whose seal holds, in the order of the pages: a row may come several times,
 * and in versions of several revisions. Nothing is believed but the seals: where a page's header or
 * its list of cells is damaged, a row may begin anywhere.
 */
export function* foundRows(images: PageImages, shapes: readonly Shape[]): Generator<FoundRow> {
  const byColumns = Map.groupBy(shapes, ({ stored }) => stored.length);
  const counts = new Set(byColumns.keys());
  const rowIn = (cell: Cell, kind: CellKind, page: Buffer): FoundRow | undefined => {
    for (const record of recordsOf(cell, page, images)) {
      const header = recordHeaderAt(record, 0);
      if (header === undefined) continue;
      const stored = valuesOf(record, header);
      const seal = stored.at(-1);
      if (!isSeal(seal)) continue;
      for (const shape of byColumns.get(stored.length) ?? []) {
        if (shape.inIndex !== (kind === "index")) continue;
        const values = shape.places.map((place) =>
          place === -1 ? (cell.rowid ?? null) : (stored[place] ?? null),
        );
        if (sealHolds(shape.table.name, seal, spellingOf(values))) return { shape, values, seal };
      }
    }
    return undefined;
  };
  for (const image of images.all()) yield* rowsIn(image, counts, rowIn);
}

function* rowsIn(
  { number, bytes }: PageImage,
  counts: ReadonlySet<number>,
  rowIn: (cell: Cell, kind: CellKind, page: Buffer) => FoundRow | undefined,
): Generator<FoundRow> {
  const taken: Taken[] = [];
  const listed = cellStarts(bytes, number);
  // The inner pages of a table have no rows.
  let missed = listed === undefined && bytes[0] !== innerOfTable;
  for (const start of listed?.starts ?? []) {
    const kind = listed?.kind ?? "table";
    const cell = cellAt(bytes, start, kind, counts);
    const row = cell === undefined ? undefined : rowIn(cell, kind, bytes);
    if (cell === undefined || row === undefined) missed ||= kind === "table";
    else {
      taken.push([start, cell.to]);
      yield row;
    }
  }
  if (!missed && !hasOtherSeals(bytes, taken)) return;
  taken.sort(([one], [other]) => one - other);
  for (let at = 0; at < bytes.length; at += 1) {
    const within = taken.find(([from, to]) => from <= at && at < to);
    if (within !== undefined) {
      at = within[1] - 1;
      continue;
    }
    for (const kind of ["table", "index"] as const) {
      const cell = cellAt(bytes, at, kind, counts);
      const row = cell === undefined ? undefined : rowIn(cell, kind, bytes);
      if (cell === undefined || row === undefined) continue;
      yield row;
      at = cell.to - 1;
      break;
    }
  }
}

/** Whether a page has rows besides those that were read, be they rows that were moved or changed. */
function hasOtherSeals(bytes: Buffer, taken: readonly Taken[]): boolean {
  const text = bytes.toString("latin1");
  for (const { index } of text.matchAll(sealText)) {
    if (!taken.some(([from, to]) => from <= index && index < to)) return true;
  }
  return false;
}

/** A cell's record with what other pages have of it, as often as those pages were written. */
function* recordsOf(cell: Cell, page: Buffer, images: PageImages): Generator<Buffer> {
  const local = page.subarray(cell.from, cell.to);
  if (cell.overflow === undefined) {
    yield local;
    return;
  }
  for (const newest of [true, false]) {
    const record = withOverflow(cell, local, images, newest);
    if (record !== undefined) yield record;
  }
}

/** Follows the chain of overflow pages by the newest image of each, or by the oldest. */
function withOverflow(
  cell: Cell,
  local: Buffer,
  images: PageImages,
  newest: boolean,
): Buffer | undefined {
  const parts = [Buffer.from(local)];
  let left = cell.payload - local.length;
  let next = cell.overflow ?? 0;
  while (left > 0) {
    const all = images.of(next);
    let page: Buffer | undefined;
    for (const image of all) {
      page = image;
      if (newest) break;
    }
    if (page === undefined) return undefined;
    const part = Buffer.from(page.subarray(4, 4 + left));
    parts.push(part);
    left -= part.length;
    next = page.readUInt32BE(0);
    if (parts.length > 300_000) return undefined;
  }
  return Buffer.concat(parts);
}
