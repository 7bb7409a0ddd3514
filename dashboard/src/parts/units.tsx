/** Exactly what was counted: micro-USD as dollars, with cents at least and no digit that is nought after them. */
export function moneyText(microUsd: number): string {
  const sign = microUsd < 0 ? "-" : "";
  const digits = String(Math.abs(Math.round(microUsd))).padStart(7, "0");
  const parts = digits.slice(-6).replace(/0{1,4}$/, "");
  const whole = digits.slice(0, -6).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}$${whole}.${parts}`;
}

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

/** A span of time in its two largest units: `1 h 05 min`, `12.3 s`, `340 ms`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${pad(Math.round(seconds) % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${pad(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`;
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

/** A count with its thousands apart. */
export function countText(count: number): string {
  return count.toLocaleString("en-GB");
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
