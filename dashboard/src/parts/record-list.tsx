import type { ReactNode } from "react";
import type { Pages } from "../data/use-pages.ts";
import { Link } from "../router.tsx";
import { Command, Empty } from "./empty.tsx";
import { Loading } from "./loading.tsx";

/** Records, page by page; where there are none, what to do about it. */
export function RecordList<T>({
  label,
  of: pages,
  record,
  unfit,
  empty,
}: {
  readonly label: string;
  readonly of: Pages<T>;
  /** One of them, as an item of a list with its key. */
  readonly record: (item: T) => ReactNode;
  /** What is said where filters leave none out; undefined where there are no filters. */
  readonly unfit:
    | { readonly title: string; readonly href: string; readonly all: string }
    | undefined;
  /** What is said where there are none at all. */
  readonly empty: { readonly title: string; readonly text: ReactNode };
}) {
  return (
    <Loading of={pages} lines={8}>
      {({ items }) => {
        if (items.length > 0) {
          return (
            <>
              <ul className="records" aria-label={label}>
                {items.map(record)}
              </ul>
              <More of={pages} />
            </>
          );
        }
        if (unfit === undefined) return <Empty title={empty.title}>{empty.text}</Empty>;
        return (
          <Empty title={unfit.title}>
            <Link href={unfit.href}>{unfit.all}</Link>
          </Empty>
        );
      }}
    </Loading>
  );
}

/** What stands below: that there are more, and that some cannot be read. */
function More<T>({ of: { value, more } }: { readonly of: Pages<T> }) {
  const damaged = value?.damaged?.length ?? 0;
  return (
    <>
      {damaged === 0 ? null : (
        <p className="notice">
          {damaged} records cannot be read: <Command>agent33 doctor</Command>
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
