import { durationText, moneyText } from "./texts.ts";

/**
 * An amount. @param microUsd null where it has no known price, which is not nothing
 * @param unpricedCalls calls that are not in the amount
 */
export function Money({
  microUsd,
  unpricedCalls = 0,
}: {
  readonly microUsd: number | null;
  readonly unpricedCalls?: number;
}) {
  if (microUsd === null) return <span className="muted">unpriced</span>;
  const more = unpricedCalls === 0 ? "" : ` and ${unpricedCalls} unpriced`;
  return (
    <span className="number">
      {moneyText(microUsd)}
      {more === "" ? null : <span className="muted">{more}</span>}
    </span>
  );
}

/** @param ms null where it is not known */
export function Duration({ ms }: { readonly ms: number | null }) {
  if (ms === null) return <span className="muted">–</span>;
  return <span className="number">{durationText(ms)}</span>;
}

const dayAndTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const timeOnly = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const shortDay = new Intl.DateTimeFormat("en-GB", {
  day: "2-digit",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** A moment: the time alone where it was on the same day as `now`, and all of it in the title. */
export function Moment({ at, now }: { readonly at: number; readonly now: number }) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return (
    <time className="number" dateTime={date.toISOString()} title={dayAndTime.format(date)}>
      {(isToday ? timeOnly : shortDay).format(date)}
    </time>
  );
}
