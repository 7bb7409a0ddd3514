import type { AlertSource, Sample } from "../../src/observability/alerts/evaluate.ts";
import type { MetricName } from "../../src/observability/metrics/definitions.ts";
import type { RuleCase, Series } from "./rule-cases.ts";

interface Line {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** One for each step; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

/** A series of promtool's notation: `0+1x3` is 0 1 2 3, `_x2` two steps without a value. */
export function parseSeries([series, text]: Series): Line {
  const [, metric = "", inner = ""] = /^(\w+)\{(.*)\}$/.exec(series) ?? [];
  const labels = Object.fromEntries(
    [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  const values = text.split(" ").flatMap((part): (number | undefined)[] => {
    const found = /^(_|-?[\d.]+)(?:([+-][\d.]+))?x(\d+)$/.exec(part);
    if (found === null) return [Number(part)];
    const [, first = "", step = "0", count = "0"] = found;
    if (first === "_") return Array.from({ length: Number(count) }, () => undefined);
    return Array.from({ length: Number(count) + 1 }, (_, at) => Number(first) + at * Number(step));
  });
  return { metric, labels, values };
}

/** What the engine would know of a case at a moment, where nothing was counted by several processes. */
export function sourceOf(
  { series, every = 1 }: Pick<RuleCase, "series" | "every">,
  minute: number,
): AlertSource {
  const lines = series.map(parseSeries);
  const at = ({ values }: Line, then: number): number | undefined =>
    then < 0 ? undefined : values[Math.floor(then / every)];
  // Two processes on a store have one store.
  const once = (metric: MetricName) =>
    lines.filter((line) => line.metric === metric && (line.labels["instance"] ?? "a") === "a");
  const wasThere = (then: number): boolean =>
    once("agent33_info").some((line) => at(line, then) !== undefined);
  return {
    nowSeconds: minute * 60,
    levels: (metric) => once(metric).flatMap((line) => sample(line, at(line, minute))),
    increases: (metric, windowMs) =>
      once(metric).flatMap((line) => {
        const now = at(line, minute);
        const then = minute - windowMs / 60_000;
        const seen = line.values.find((value) => value !== undefined) ?? 0;
        // Before an engine looked first there is nothing that it could have counted.
        const before = at(line, then) ?? (wasThere(then) ? 0 : seen);
        return sample(line, now === undefined ? undefined : now - before);
      }),
  };
}

function sample({ labels }: Line, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value }];
}
