/** As high as what will stand there, so that nothing moves when it comes. */
export function Skeleton({
  title,
  lines = 6,
}: {
  /** The page's, where the whole page is waited for. */
  readonly title?: string;
  readonly lines?: number;
}) {
  return (
    <div className="skeleton" aria-busy="true">
      {title === undefined ? <span className="hidden">Loading</span> : <h1>{title}</h1>}
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton-line" />
      ))}
    </div>
  );
}
