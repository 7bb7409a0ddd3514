import { Agent33Error } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { costRules } from "./cost-rules.ts";
import { spanMs } from "./expression.ts";
import { healthRules } from "./health-rules.ts";
import { routingRules } from "./routing-rules.ts";
import type { ActiveRule, AlertRule } from "./rule.ts";

/** Every alert that there is. The engine evaluates these, and Prometheus gets the same. */
export const alertRules: readonly AlertRule[] = [...costRules, ...routingRules, ...healthRules];

/** What settings change of one rule. */
export interface RuleChange {
  readonly enabled?: boolean;
  readonly owner?: string;
  readonly severity?: AlertRule["severity"];
  readonly forMinutes?: number;
  readonly thresholds?: Readonly<Record<string, number>>;
}

const usualKeepMs = 5 * 60_000;

/**
 * The rules that hold, with what settings change of them.
 * @throws Agent33Error `alerts.unknown_rule`, `alerts.unknown_threshold`, `alerts.no_owner`
 */
export function rulesWith(
  changes: Readonly<Record<string, RuleChange>>,
  rules: readonly AlertRule[] = alertRules,
): readonly ActiveRule[] {
  const names = rules.map(({ name }) => name);
  for (const name of Object.keys(changes)) {
    if (names.includes(name)) continue;
    throw new Agent33Error("alerts.unknown_rule", `There is no alert "${name}".`, {
      hint: `${suggestName(name, names)} \`agent33 alerts rules\` lists them.`,
      details: { name },
    });
  }
  return rules.flatMap((rule) => {
    const change = changes[rule.name] ?? {};
    const active = ruleWith(rule, change);
    return change.enabled === false ? [] : [active];
  });
}

function ruleWith(rule: AlertRule, change: RuleChange): ActiveRule {
  const { name, runbook, summary, unit } = rule;
  const values = thresholdsOf(rule, change);
  const owner = change.owner ?? rule.owner;
  if (owner.trim() === "") {
    throw new Agent33Error("alerts.no_owner", `The alert ${name} has no owner.`, {
      hint: `Say whom it concerns under alerts.rules.${name}.owner.`,
      details: { name },
    });
  }
  return {
    name,
    severity: change.severity ?? rule.severity,
    owner,
    runbook,
    summary,
    unit,
    forMs: change.forMinutes === undefined ? spanMs(rule.for ?? "0m") : change.forMinutes * 60_000,
    keepMs: rule.keep === undefined ? usualKeepMs : spanMs(rule.keep),
    once: rule.once === true,
    about: rule.about,
    thresholds: values,
    condition: rule.when((threshold) => {
      const value = values[threshold];
      if (value !== undefined) return value;
      throw new TypeError(`The alert ${name} has no threshold ${threshold}.`);
    }),
  };
}

/** @throws Agent33Error `alerts.unknown_threshold` */
function thresholdsOf(
  { name, thresholds }: AlertRule,
  change: RuleChange,
): Readonly<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const [key, { value }] of Object.entries(thresholds)) values[key] = value;
  for (const [key, value] of Object.entries(change.thresholds ?? {})) {
    if (!Object.hasOwn(values, key)) throw unknownThreshold(name, key, Object.keys(values));
    values[key] = value;
  }
  return values;
}

function unknownThreshold(name: string, key: string, known: readonly string[]): Agent33Error {
  return new Agent33Error(
    "alerts.unknown_threshold",
    `The alert ${name} has no threshold "${key}" (alerts.rules.${name}.thresholds).`,
    {
      hint: known.length === 0 ? "It has none: leave them out." : suggestName(key, known),
      details: { name, threshold: key },
    },
  );
}
