import type { Tone } from "./tone.ts";

/** Shares of a limit that a mark stands at. */
const marks = [50, 80, 95] as const;

/** How full something is, with the shares at which somebody is told. */
export function Meter({
  label,
  percent,
  text,
}: {
  /** What is full, for those who do not see it. */
  readonly label: string;
  /** Above 100 where more is used than the limit. */
  readonly percent: number;
  /** The same in words. */
  readonly text: string;
}) {
  const shown = Math.min(100, Math.max(0, percent));
  return (
    <div
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(shown)}
      aria-valuetext={text}
      data-tone={toneOf(percent)}
    >
      <div className="meter-fill" style={{ inlineSize: `${shown}%` }} />
      {marks.map((mark) => (
        <div key={mark} className="meter-mark" style={{ insetInlineStart: `${mark}%` }} />
      ))}
    </div>
  );
}

/** What a share of a limit is to whoever looks. */
export function toneOf(percent: number): Tone {
  return percent >= 95 ? "bad" : percent >= 80 ? "warn" : "good";
}
