import { usageError } from "./usage.ts";

const unitMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A time as people give it: so long ago (`90m`, `12h`, `7d`, `2w`), the start of a day
 * (`2026-11-01`), or a time of a day (`2026-11-01T12:30`). Times are UTC.
 * @returns milliseconds since the Unix epoch
 * @throws Agent33Error `cli.usage`
 */
export function momentOf(flag: string, text: string, now: number): number {
  const [, amount, unit = ""] = /^([0-9]{1,6})([mhdw])$/.exec(text) ?? [];
  if (amount !== undefined) return Math.max(0, now - Number(amount) * (unitMs[unit] ?? 0));
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)Z?)?$/.exec(text);
  const [, day = "", time = "00:00"] = parts ?? [];
  const at = Date.parse(`${day}T${time}Z`);
  // A day that no month has is read as one of the next month.
  if (parts !== null && at >= 0 && new Date(at).toISOString().startsWith(day)) return at;
  throw usageError(
    `${flag} does not understand "${text}".`,
    `Give how long ago (${flag} 90m, 12h, 7d, 2w) or a day or time in UTC (${flag} 2026-11-01, 2026-11-01T12:30).`,
  );
}

/**
 * The bounds of a list.
 * @throws Agent33Error `cli.usage`
 */
export function spanOf(
  { since, until }: { readonly since?: string; readonly until?: string },
  now: number,
): { readonly since: number | undefined; readonly until: number | undefined } {
  const from = since === undefined ? undefined : momentOf("--since", since, now);
  const to = until === undefined ? undefined : momentOf("--until", until, now);
  if (from !== undefined && to !== undefined && from >= to) {
    throw usageError(
      `--since ${since} is not before --until ${until}.`,
      "What is listed was recorded from --since on, and before --until.",
    );
  }
  return { since: from, until: to };
}
