import type { ReactNode } from "react";
import { Link } from "../router.tsx";

/** A row of facts. */
export function Tiles({ children }: { readonly children: ReactNode }) {
  return <div className="tiles">{children}</div>;
}

/** One fact; undefined children are waited for. */
export function Tile({
  title,
  href,
  note,
  children,
}: {
  readonly title: string;
  readonly href?: string;
  readonly note?: string | undefined;
  readonly children: ReactNode;
}) {
  const inside = (
    <>
      <span className="tile-title">{title}</span>
      <span className="tile-value">{children ?? <span className="muted">…</span>}</span>
      {note === undefined ? null : <span className="tile-note">{note}</span>}
    </>
  );
  return href === undefined ? (
    <div className="tile">{inside}</div>
  ) : (
    <Link className="tile" href={href}>
      {inside}
    </Link>
  );
}
