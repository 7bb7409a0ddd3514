import { useCallback, useState } from "react";
import type { Result } from "../api.ts";
import { countText } from "../parts/texts.ts";
import { type Loaded, useLoaded } from "./use-loaded.ts";

/** A page of a list, as the API gives it. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  readonly damaged?: readonly string[];
}

/** A list that is shown page by page, and kept fresh as far as it is shown. */
export interface Pages<T> extends Loaded<ListPage<T>> {
  /** Shows more; undefined where all is shown, or as much as can be. */
  readonly more: (() => void) | undefined;
  /** What is said below: that there are more than can be shown; undefined where all can be. */
  readonly note: string | undefined;
}

const pageSize = 50;
/** The most that the API gives at once. */
const mostRows = 1_000;

/**
 * @param load asks for a page; its `limit` grows with what is shown, so that what is shown is fresh
 * @param about as in `useLoaded`
 */
export function usePages<T>(
  load: (page: { readonly limit: number }, signal: AbortSignal) => Promise<Result<ListPage<T>>>,
  about: string,
  everyMs?: number,
): Pages<T> {
  const [size, setSize] = useState({ about, limit: pageSize });
  const limit = size.about === about ? size.limit : pageSize;
  const [last, setLast] = useState<{ about: string; value: ListPage<T> }>();
  const loaded = useLoaded<ListPage<T>>(
    async (signal) => {
      const answer = await load({ limit }, signal);
      if (answer.ok) setLast({ about, value: answer.value });
      return answer;
    },
    `${about} ${limit}`,
    everyMs,
  );
  const more = useCallback(
    () => setSize({ about, limit: Math.min(mostRows, limit + 2 * pageSize) }),
    [about, limit],
  );
  // While more is asked for, what is there stays.
  const value = loaded.value ?? (last?.about === about ? last.value : undefined);
  const isAll = value === undefined || value.nextCursor === null;
  const isFull = limit >= mostRows;
  return {
    ...loaded,
    value,
    more: isAll || isFull ? undefined : more,
    note:
      !isAll && isFull ? `These are the newest ${countText(mostRows)}; there are more.` : undefined,
  };
}
