import { type KeyboardEvent, type ReactNode, useId, useMemo, useState } from "react";
import { go } from "../router.tsx";

/** One column of a table. */
export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** What the column is sorted by; it is not sorted without. */
  readonly sort?: (row: T) => number | string;
  readonly isNumber?: boolean;
  /** The one that takes what room there is. */
  readonly isWide?: boolean;
}

interface TableProps<T> {
  /** What the table is of, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Where a row leads. */
  readonly hrefOf?: (row: T) => string;
  /** Shows more rows; undefined where there are no more. */
  readonly more?: (() => void) | undefined;
}

interface Order {
  readonly key: string;
  readonly falls: boolean;
}

/** Tables of more columns than that need words to break on a small screen. */
const few = 3;

/** A table whose rows are sorted as they stand here; on a phone each row is a card. */
export function DataTable<T>({ label, columns, rows, keyOf, hrefOf, more }: TableProps<T>) {
  const [order, setOrder] = useState<Order>();
  const note = useId();
  const sorted = useMemo(() => sortedBy(rows, columns, order), [rows, columns, order]);
  const turn = (key: string): void => {
    setOrder((before) => {
      if (before?.key !== key) return { key, falls: false };
      return before.falls ? undefined : { key, falls: true };
    });
  };
  return (
    <div className={columns.length > few ? "table-box some-columns" : "table-box"}>
      {/* The roles stand here because cards are no table to a browser. */}
      {/* oxlint-disable jsx-a11y/no-redundant-roles */}
      <table className="table" role="table" aria-label={label} aria-describedby={note}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ key, title, sort, isNumber, isWide }) => (
              <th
                key={key}
                role="columnheader"
                scope="col"
                className={classOf(isNumber, isWide)}
                aria-sort={
                  order?.key === key ? (order.falls ? "descending" : "ascending") : undefined
                }
              >
                {sort === undefined ? (
                  title
                ) : (
                  <button type="button" className="sort" onClick={() => turn(key)}>
                    {title}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {sorted.map((row) => (
            <Row key={keyOf(row)} row={row} columns={columns} href={hrefOf?.(row)} />
          ))}
        </tbody>
      </table>
      <p id={note} className="table-note">
        {order !== undefined && more !== undefined ? "Sorted among the rows that are shown." : ""}
      </p>
      {more === undefined ? null : (
        <button type="button" className="button more" onClick={more}>
          More
        </button>
      )}
    </div>
  );
}

function Row<T>({
  row,
  columns,
  href,
}: {
  readonly row: T;
  readonly columns: readonly Column<T>[];
  readonly href: string | undefined;
}) {
  const cells = columns.map(({ key, title, cell, isNumber, isWide }) => (
    <td key={key} role="cell" data-title={title} className={classOf(isNumber, isWide)}>
      {cell(row)}
    </td>
  ));
  if (href === undefined) return <tr role="row">{cells}</tr>;
  const press = (event: KeyboardEvent<HTMLTableRowElement>): void => {
    if (event.key === "Enter" && event.target === event.currentTarget) go(href);
  };
  return (
    <tr
      role="row"
      tabIndex={-1}
      className="opens"
      onKeyDown={press}
      onClick={(event) => {
        if (!(event.target instanceof Element) || event.target.closest("a, button") !== null)
          return;
        if (getSelection()?.toString() === "") go(href);
      }}
    >
      {cells}
    </tr>
  );
}

function classOf(isNumber = false, isWide = false): string | undefined {
  return isNumber ? "is-number" : isWide ? "is-wide" : undefined;
}

function sortedBy<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  order: Order | undefined,
): readonly T[] {
  const by = columns.find(({ key }) => key === order?.key)?.sort;
  if (by === undefined || order === undefined) return rows;
  const sign = order.falls ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [a, b] = [by(one), by(other)];
    return a === b ? 0 : sign * (a < b ? -1 : 1);
  });
}
