import { sealLength } from "../seals/seal.ts";
import { type RecordHeader, recordHeaderAt, varintAt } from "./record.ts";

/** A place in a page where a row may stand (https://sqlite.org/fileformat2.html#b_tree_pages). */
export interface Cell {
  /** Where its record begins, and where what the page has of it ends. */
  readonly from: number;
  readonly to: number;
  /** Bytes of the whole record. */
  readonly payload: number;
  /** The row's number, in a table; undefined in an index. */
  readonly rowid: number | undefined;
  readonly header: RecordHeader;
  /** Where the rest of it is. */
  readonly overflow: number | undefined;
}

export type CellKind = "table" | "index";

const leafOfTable = 0x0d;
const leafOfIndex = 0x0a;
const interiorOfIndex = 0x02;
/** The serial type of a seal, which is the last column of every record. */
const sealType = 13 + 2 * sealLength;
/** Five bytes for the type of each column would be a gigabyte of text. */
const longestHeader = 160;

/** Where the cells of a page begin, and of which kind they are, as far as the page's header says. */
export function cellStarts(
  page: Buffer,
  number: number,
): { readonly kind: CellKind; readonly starts: readonly number[] } | undefined {
  const at = number === 1 ? 100 : 0;
  const type = page[at];
  if (type !== leafOfTable && type !== leafOfIndex && type !== interiorOfIndex) return undefined;
  const count = page.readUInt16BE(at + 3);
  const pointers = at + (type === interiorOfIndex ? 12 : 8);
  const left = type === interiorOfIndex ? 4 : 0;
  if (pointers + 2 * count > page.length) return undefined;
  const starts = Array.from({ length: count }, (_, index) => {
    return page.readUInt16BE(pointers + 2 * index) + left;
  });
  return { kind: type === leafOfTable ? "table" : "index", starts };
}

/**
 * The cell that may begin at a place: one whose record has as many columns as a table of the schema,
 * with a seal at its end, and is as long as it says.
 * @param counts numbers of columns that records have
 */
export function cellAt(
  page: Buffer,
  at: number,
  kind: CellKind,
  counts: ReadonlySet<number>,
): Cell | undefined {
  const payload = varintAt(page, at);
  if (payload === undefined || payload.value < sealLength || payload.value > 1e9) return undefined;
  const rowid = kind === "table" ? varintAt(page, payload.end) : undefined;
  if (kind === "table" && rowid === undefined) return undefined;
  const from = rowid?.end ?? payload.end;
  // Most places are none, which this byte alone tells of nearly all.
  const size = varintAt(page, from)?.value ?? 0;
  if (page[from + size - 1] !== sealType || size > longestHeader) return undefined;
  const header = recordHeaderAt(page, from);
  if (header === undefined) return undefined;
  if (!counts.has(header.types.length)) return undefined;
  if (header.body - from + header.length !== payload.value) return undefined;
  const local = localBytes(payload.value, page.length, kind);
  const to = from + local;
  const whole = local === payload.value;
  if (to + (whole ? 0 : 4) > page.length) return undefined;
  return {
    from,
    to,
    payload: payload.value,
    rowid: rowid?.value,
    header,
    overflow: whole ? undefined : page.readUInt32BE(to),
  };
}

/** How much of a record its page has. */
function localBytes(payload: number, usable: number, kind: CellKind): number {
  const most = kind === "table" ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  if (payload <= most) return payload;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const fitting = least + ((payload - least) % (usable - 4));
  return fitting <= most ? fitting : least;
}
