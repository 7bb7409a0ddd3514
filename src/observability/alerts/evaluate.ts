import type { MetricName } from "../metrics/definitions.ts";
import type { Expression, Match } from "./expression.ts";

/** A value of a metric, by labels; those that Prometheus does not know may be among them. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | undefined>>;
  readonly value: number;
}

/** What expressions are worked out of. */
export interface AlertSource {
  /** Seconds since the Unix epoch. */
  readonly nowSeconds: number;
  /** How much each series of a counter grew within a time until now. */
  increases(metric: MetricName, windowMs: number): readonly Sample[];
  /** What each series of a metric is now. */
  levels(metric: MetricName): readonly Sample[];
}

/** What an expression comes to: a number, or a value for each set of labels. */
export type Outcome = number | readonly Found[];

/** One set of labels that an expression holds for, with its value. */
export interface Found {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Works out an expression as Prometheus would, from what the engine knows itself. */
export function evaluate(expression: Expression, source: AlertSource): Outcome {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "now":
      return source.nowSeconds;
    case "increase": {
      const { metric, windowMs, by, match } = expression;
      const samples = source.increases(metric, windowMs).filter(fits(match));
      return grouped(samples, by, (a, b) => a + b);
    }
    case "level": {
      const { metric, by, match, detail } = expression;
      const samples = source.levels(metric).filter(fits(match));
      return grouped(samples, [...by, ...detail], Math.max);
    }
    case "absent":
      return source.levels(expression.metric).length === 0 ? [{ labels: {}, value: 1 }] : [];
    case "math":
    case "compare":
      return paired(expression, source);
    case "and":
    case "or":
      return joined(expression, source);
    default:
      return expression satisfies never;
  }
}

const fits =
  (match: Match) =>
  ({ labels }: Sample): boolean =>
    Object.entries(match).every(([label, values]) => values.includes(labels[label] ?? ""));

function grouped(
  samples: readonly Sample[],
  by: readonly string[],
  add: (a: number, b: number) => number,
): readonly Found[] {
  const groups = new Map<string, Found>();
  for (const { labels, value } of samples) {
    // Prometheus has no labels that are empty.
    const own = by.flatMap((label) => {
      const text = labels[label] ?? "";
      return text === "" ? [] : [[label, text] as const];
    });
    const key = JSON.stringify(own);
    const known = groups.get(key);
    const next = known === undefined ? value : add(known.value, value);
    groups.set(key, { labels: Object.fromEntries(own), value: next });
  }
  return [...groups.values()];
}

type Pair = Extract<Expression, { readonly kind: "math" | "compare" }>;

function paired(expression: Pair, source: AlertSource): Outcome {
  const left = evaluate(expression.left, source);
  const right = evaluate(expression.right, source);
  const worked = (a: number, b: number): number | undefined => workedOut(expression, a, b);
  if (typeof left === "number" && typeof right === "number") return worked(left, right) ?? [];
  if (typeof left === "number")
    return (right as readonly Found[]).flatMap(withValue((b) => worked(left, b)));
  if (typeof right === "number") return left.flatMap(withValue((a) => worked(a, right)));
  const others = new Map(right.map((one) => [keyOf(one), one.value]));
  return left.flatMap((one) => {
    const other = others.get(keyOf(one));
    return other === undefined ? [] : withValue((a) => worked(a, other))(one);
  });
}

/** A comparison keeps the left side's value, or nothing. */
function workedOut(expression: Pair, a: number, b: number): number | undefined {
  switch (expression.sign) {
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case ">":
      return a > b ? a : undefined;
    case "<":
      return a < b ? a : undefined;
    case ">=":
      return a >= b ? a : undefined;
    default:
      return expression satisfies never;
  }
}

const withValue =
  (work: (value: number) => number | undefined) =>
  ({ labels, value }: Found): readonly Found[] => {
    const next = work(value);
    return next === undefined ? [] : [{ labels, value: next }];
  };

type Join = Extract<Expression, { readonly kind: "and" | "or" }>;

function joined({ kind, left, right }: Join, source: AlertSource): Outcome {
  const ours = listOf(evaluate(left, source));
  const theirs = listOf(evaluate(right, source));
  if (kind === "and") {
    const keys = new Set(theirs.map(keyOf));
    return ours.filter((one) => keys.has(keyOf(one)));
  }
  const keys = new Set(ours.map(keyOf));
  return [...ours, ...theirs.filter((one) => !keys.has(keyOf(one)))];
}

function listOf(outcome: Outcome): readonly Found[] {
  return typeof outcome === "number" ? [{ labels: {}, value: outcome }] : outcome;
}

/** Labels in one order, so that equal ones have equal keys. */
export function keyOf({ labels }: Pick<Found, "labels">): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
