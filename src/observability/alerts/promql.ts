import { metrics } from "../metrics/definitions.ts";
import { type Expression, type Match, spanText } from "./expression.ts";

/**
 * An expression in Prometheus' language. How much a counter grew has a recording rule, by the name of
 * which it stands here. Every process on a store shows the same sums, so series
 * are first brought together over processes by their highest value (`max by`), and only then added:
 * with two processes scraped nothing counts twice and nothing has more than one partner.
 */
export function promql(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return String(expression.value);
    case "now":
      return "time()";
    case "absent":
      return `absent(${expression.metric})`;
    case "level": {
      const { metric, by, match } = expression;
      return `max${byText(by)} (${metric}${matchText(match)})`;
    }
    case "increase":
      return recordName(expression);
    case "math":
    case "compare":
    case "and":
    case "or": {
      const word = "sign" in expression ? expression.sign : expression.kind;
      return `${inner(expression.left)} ${word} ${inner(expression.right)}`;
    }
    default:
      return expression satisfies never;
  }
}

/** What needs no brackets stands without. */
function inner(expression: Expression): string {
  return "left" in expression ? `(${promql(expression)})` : promql(expression);
}

type Increase = Extract<Expression, { readonly kind: "increase" }>;

/** The name of the recording rule of a growth: `tenant:agent33_tenant_cost_micro_usd:increase1h`. */
export function recordName({ metric, windowMs, by, match, fromZero }: Increase): string {
  const labels = by.length === 0 ? "all" : by.join("_");
  const named = Object.entries(match)
    .map(([, values]) => `_${values.join("_")}`)
    .join("");
  const counter = metric.replace(/_total$/, "");
  return `${labels}:${counter}${named}:${fromZero ? "first" : "increase"}${spanText(windowMs)}`;
}

/** The expression of that recording rule. */
export function recordText({ metric, windowMs, by, match, fromZero }: Increase): string {
  const all = byText(metrics[metric].labels);
  const series = `${metric}${matchText(match)}`;
  const span = spanText(windowMs);
  const grown = `max${all} (increase(${series}[${span}]))`;
  if (!fromZero) return `sum${byText(by)} (${grown})`;
  // A series that was not there when the window began, while the engine was, began at 0.
  const before = `max${all} (${series} offset ${span})`;
  const known = `max${all} (${series}) unless ${before} and on () max(agent33_info offset ${span})`;
  return `sum${byText(by)} ((${known}) or ${grown})`;
}

function byText(labels: readonly string[]): string {
  return labels.length === 0 ? "" : ` by (${labels.join(", ")})`;
}

function matchText(match: Match): string {
  const entries = Object.entries(match);
  if (entries.length === 0) return "";
  const texts = entries.map(([label, values]) =>
    values.length === 1 ? `${label}="${values[0] ?? ""}"` : `${label}=~"${values.join("|")}"`,
  );
  return `{${texts.join(",")}}`;
}
