import { Agent33Error, isAgent33Error } from "../base/errors.ts";

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Rows that are there and cannot be read, with what is wrong; they keep nothing else back. */
  readonly damaged?: readonly string[];
  /** Give it back as `cursor` for the next page; null on the last one. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  /** Items a page, from 1; more than 1000 are never given. Default 50. */
  readonly limit?: number;
  readonly cursor?: string;
}

/** More than any `seq`. */
export const everySeq = Number.MAX_SAFE_INTEGER;

const defaultLimit = 50;
const maxLimit = 1000;

/** The number of items to show. @throws Agent33Error `store.bad_limit` */
export function limitOf(request: PageRequest): number {
  return Math.min(checkLimit(request.limit ?? defaultLimit), maxLimit);
}

/** How many somebody asks for. @throws Agent33Error `store.bad_limit` */
export function checkLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new Agent33Error("store.bad_limit", `${limit} is no number of items to ask for.`, {
    hint: "Give a whole number above 0.",
    details: { limit: String(limit) },
  });
}

/**
 * The `seq` before which the page begins, newest first.
 * @throws Agent33Error `store.bad_cursor`
 */
export function beforeSeq(request: PageRequest): number {
  if (request.cursor === undefined) return everySeq;
  if (/^[1-9][0-9]{0,14}$/.test(request.cursor)) return Number(request.cursor);
  throw new Agent33Error("store.bad_cursor", `"${request.cursor}" is not a place in a list.`, {
    hint: "Pass the nextCursor of the page before, unchanged, or none.",
  });
}

/** A page from the rows of a query that asked for one row more than the limit. */
export function pageOf<R extends { readonly seq: number }, T>(
  rows: readonly R[],
  limit: number,
  item: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items: T[] = [];
  const damaged: string[] = [];
  for (const row of shown) {
    try {
      items.push(item(row));
    } catch (error) {
      if (!isAgent33Error(error) || error.code !== "store.bad_row") throw error;
      damaged.push(error.message);
    }
  }
  return {
    items,
    ...(damaged.length === 0 ? {} : { damaged }),
    nextCursor: rows.length > limit && last !== undefined ? String(last.seq) : null,
  };
}
