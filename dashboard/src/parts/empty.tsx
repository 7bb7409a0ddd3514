import type { ReactNode } from "react";

/** That there is nothing, and what to do so that there is. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children === undefined ? null : <div className="empty-more">{children}</div>}
    </div>
  );
}

/** A command that can be taken from the page. */
export function Command({ children }: { readonly children: string }) {
  return <code className="command">{children}</code>;
}
