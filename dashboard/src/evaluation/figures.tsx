import type { Figure, Interval } from "./report.ts";

/** A share in per cent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A difference of shares, in percentage points, with its sign. */
export function points(difference: number): string {
  const shown = (100 * difference).toFixed(1);
  if (Number(shown) === 0) return "0.0 pp";
  return `${difference > 0 ? "+" : "−"}${shown.replace("-", "")} pp`;
}

/** A chance, with as many digits as matter. */
export function chance(p: number): string {
  return p < 0.0001 ? "< 0.0001" : p.toPrecision(2);
}

/** A figure in words, or why there is none: where there is little room as a dash whose title says it. */
export function FigureText<T>({
  of,
  text,
  explains = false,
}: {
  readonly of: Figure<T>;
  readonly text: (value: T) => string;
  /** Whether there is room for the reason. */
  readonly explains?: boolean;
}) {
  if (of.ok) return <span className="number">{text(of.value)}</span>;
  if (explains) return <span className="muted small">{of.error.message}</span>;
  return (
    <span className="muted" title={of.error.message}>
      –<span className="hidden"> {of.error.message}</span>
    </span>
  );
}

/** An interval and what lies in it, drawn from \`least\` to 1; the words beside it say the same. */
export function IntervalBar({
  value,
  interval,
  least = 0,
}: {
  readonly value: Figure;
  readonly interval: Figure<Interval>;
  readonly least?: 0 | -1;
}) {
  const place = (share: number): number =>
    (100 * (Math.min(1, Math.max(least, share)) - least)) / (1 - least);
  const low = interval.ok ? place(interval.value.low) : 0;
  const high = interval.ok ? place(interval.value.high) : 0;
  return (
    <span className="interval" aria-hidden="true">
      {least === 0 ? null : <span className="interval-nought" />}
      {interval.ok ? (
        <span
          className="interval-range"
          style={{ insetInlineStart: `${low}%`, inlineSize: `${high - low}%` }}
        />
      ) : null}
      {value.ok ? (
        <span className="interval-value" style={{ insetInlineStart: `${place(value.value)}%` }} />
      ) : null}
    </span>
  );
}

/** An interval of shares in words, cut to what shares can be. */
export function intervalText({ low, high }: Interval): string {
  return `${percent(Math.max(0, low))} to ${percent(Math.min(1, high))}`;
}

/** An interval of differences in words, cut to what differences can be. */
export function differenceText({ low, high }: Interval): string {
  return `${points(Math.max(-1, low))} to ${points(Math.min(1, high))}`;
}
