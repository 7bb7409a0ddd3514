import type { Spend, SpendItem, SpendPoint } from "../api.ts";

/** What a chart draws. */
interface Lines {
  /** Milliseconds since the Unix epoch, rising. */
  readonly times: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const stepMs = { hour: 3_600_000, day: 86_400_000 } as const;

/**
 * What a spend came to step by step: the dearest groups, and the rest as one. The steps in which
 * there were no calls, which the API leaves out, are 0.
 * @param until the last moment that is shown; milliseconds since the Unix epoch
 * @param nameOf what a group is called
 * @returns undefined where there is nothing to draw
 */
export function linesOf(
  { since, series = [], items }: Spend,
  every: "hour" | "day",
  until: number,
  nameOf: (group: SpendItem["group"]) => string,
): Lines | undefined {
  const [first] = series;
  if (first === undefined || series.every(({ costMicroUsd }) => costMicroUsd === 0)) {
    return undefined;
  }
  const step = stepMs[every];
  const from = Math.floor((since ?? first.start) / step) * step;
  const last = Math.max(until, series.at(-1)?.start ?? until);
  const times = Array.from(
    { length: Math.floor((last - from) / step) + 1 },
    (_, at) => from + at * step,
  );
  const spread = (points: readonly SpendPoint[]): number[] => {
    const values = times.map(() => 0);
    for (const { start, costMicroUsd } of points) {
      const at = Math.floor((start - from) / step);
      values[at] = (values[at] ?? 0) + costMicroUsd;
    }
    return values;
  };
  const all = spread(series);
  const shown = items
    .filter(({ costMicroUsd }) => costMicroUsd > 0)
    .map(({ group, series: own = [] }) => ({ name: nameOf(group), values: spread(own) }));
  const rest = all.map((sum, at) =>
    shown.reduce((left, { values }) => left - (values[at] ?? 0), sum),
  );
  const others = rest.some((value) => value > 0) ? [{ name: "others", values: rest }] : [];
  return { times, series: [...shown, ...others] };
}
