import type { Label, MetricName } from "../metrics/definitions.ts";

/** Label to the values of which one has to be there. */
export type Match = Readonly<Partial<Record<Label, readonly string[]>>>;

/**
 * What a rule asks of the metrics. It is data, so that the engine can work it out by itself and
 * Prometheus gets the same question in its own language. All parts of one expression have the same
 * labels, or none.
 */
export type Expression =
  | {
      readonly kind: "increase";
      readonly metric: MetricName;
      readonly windowMs: number;
      readonly by: readonly Label[];
      readonly match: Match;
      /** Whether a series that nobody saw before began at 0: for events of which the first one counts. */
      readonly fromZero: boolean;
    }
  | {
      readonly kind: "level";
      readonly metric: MetricName;
      readonly by: readonly Label[];
      readonly match: Match;
      /** What the engine tells apart besides, and Prometheus does not. */
      readonly detail: readonly string[];
    }
  /** Seconds since the Unix epoch. */
  | { readonly kind: "now" }
  | { readonly kind: "number"; readonly value: number }
  | {
      readonly kind: "math";
      readonly sign: "-" | "*" | "/";
      readonly left: Expression;
      readonly right: Expression;
    }
  /** Those on the left for which it holds. */
  | {
      readonly kind: "compare";
      readonly sign: ">" | "<" | ">=";
      readonly left: Expression;
      readonly right: Expression;
    }
  /** Those on the left that are on the right too. */
  | { readonly kind: "and"; readonly left: Expression; readonly right: Expression }
  /** Those on the left, and those on the right that are not on the left. */
  | { readonly kind: "or"; readonly left: Expression; readonly right: Expression }
  /** 1 where there is no such series. */
  | { readonly kind: "absent"; readonly metric: MetricName };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const unitMs = { m: minuteMs, h: hourMs, d: 24 * hourMs } as const;

/** A length of time as Prometheus and people write it: `5m`, `6h`, `7d`. */
export type Span = `${number}${keyof typeof unitMs}`;

/** Milliseconds of a {@link Span}. */
export function spanMs(span: Span): number {
  return Number(span.slice(0, -1)) * unitMs[span.slice(-1) as keyof typeof unitMs];
}

/** A length of time in the largest unit that it is a whole number of. */
export function spanText(ms: number): string {
  for (const unit of ["d", "h", "m"] as const) {
    if (ms > 0 && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`;
  }
  return `${ms / 1_000}s`;
}

type Operand = Expression | number;

interface IncreaseOptions {
  readonly by?: readonly Label[];
  readonly match?: Match;
  readonly fromZero?: boolean;
}

/** How much a counter grew within a time until now, summed up by labels. */
export function increase(
  metric: MetricName,
  span: Span,
  { by = [], match = {}, fromZero = false }: IncreaseOptions = {},
): Expression {
  return { kind: "increase", metric, windowMs: spanMs(span), by, match, fromZero };
}

interface LevelOptions {
  readonly by?: readonly Label[];
  readonly match?: Match;
  readonly detail?: readonly string[];
}

/** The highest value that a metric has now, by labels. */
export function level(
  metric: MetricName,
  { by = [], match = {}, detail = [] }: LevelOptions = {},
): Expression {
  return { kind: "level", metric, by, match, detail };
}

export const now: Expression = { kind: "now" };

export function absent(metric: MetricName): Expression {
  return { kind: "absent", metric };
}

const math =
  (sign: "-" | "*" | "/") =>
  (left: Operand, right: Operand): Expression => ({
    kind: "math",
    sign,
    left: operand(left),
    right: operand(right),
  });
export const minus = math("-");
export const times = math("*");
export const over = math("/");

const compare =
  (sign: ">" | "<" | ">=") =>
  (left: Operand, right: Operand): Expression => ({
    kind: "compare",
    sign,
    left: operand(left),
    right: operand(right),
  });
export const above = compare(">");
export const below = compare("<");
export const atLeast = compare(">=");

/** Those of the first that are in all others too. */
export function all(first: Expression, ...others: readonly Expression[]): Expression {
  return others.reduce<Expression>((left, right) => ({ kind: "and", left, right }), first);
}

export function either(left: Expression, right: Expression): Expression {
  return { kind: "or", left, right };
}

function operand(value: Operand): Expression {
  return typeof value === "number" ? { kind: "number", value } : value;
}

/** Every part of an expression, itself included. */
export function partsOf(expression: Expression): readonly Expression[] {
  return "left" in expression
    ? [expression, ...partsOf(expression.left), ...partsOf(expression.right)]
    : [expression];
}
