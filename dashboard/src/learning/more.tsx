import type { Pages } from "../data/use-pages.ts";
import { Command } from "../parts/empty.tsx";

/** What stands below a list of records: that there are more, and that some cannot be read. */
export function More<T>({ of: { value, more } }: { readonly of: Pages<T> }) {
  const damaged = value?.damaged?.length ?? 0;
  return (
    <>
      {damaged === 0 ? null : (
        <p className="notice">
          {damaged} records cannot be read: <Command>agent33 store check</Command>
        </p>
      )}
      {more === undefined ? null : (
        <button type="button" className="button more" onClick={more}>
          More
        </button>
      )}
    </>
  );
}
