/** A moment as the Python engine wrote it. */
export interface LegacyTime {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Written without a time zone, and read as UTC, which the engine used. */
  readonly naive: boolean;
}

/** ISO 8601 as Python's `isoformat` writes it: a space for the T, microseconds, an offset or none. */
const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/** The moment that a text names, or undefined where it names none since 1970. */
export function parseLegacyTime(text: string): LegacyTime | undefined {
  const match = pattern.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone] = match;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (h > 23 || m > 59 || s > 59) return undefined;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Day 31 of a month with 30 days would become the first of the next.
  if (!new Date(date).toISOString().startsWith(`${year}-${month}-${day}`)) return undefined;
  const milliseconds = Number(fraction.padEnd(3, "0").slice(0, 3));
  const offset = minutesOf(zone);
  if (offset === undefined) return undefined;
  const at = date + ((h * 60 + m - offset) * 60 + s) * 1000 + milliseconds;
  return at < 0 ? undefined : { at, naive: zone === undefined };
}

/** Minutes that a zone is ahead of UTC. */
function minutesOf(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * (zone.startsWith("-") ? -1 : 1);
}
