import { type ReplayReport, type RuleChanges, unreplayable } from "../../../engine.ts";
import { columns, oneLine, type Output } from "../../output.ts";

const longestRule = 160;
const shownFirst = new Set(["ruleId", "effect", "match", "reason"]);

/** The rules that two policies differ in, one line each. */
export function ruleChangesText(changes: RuleChanges, { style }: Output): string {
  const { added, removed, changed } = changes;
  const said = (rule: RuleChanges["added"][number]) => {
    const { effect, match, reason } = rule;
    const more = Object.entries(rule).filter(([key]) => !shownFirst.has(key));
    const rest = more.length === 0 ? "" : ` ${JSON.stringify(Object.fromEntries(more))}`;
    return oneLine(`${effect} ${JSON.stringify(match)}${rest} (${reason})`, longestRule);
  };
  const lines = [
    ...removed.map((rule) => `${style.red("-")} ${rule.ruleId}: ${said(rule)}`),
    ...added.map((rule) => `${style.green("+")} ${rule.ruleId}: ${said(rule)}`),
    ...changed.flatMap(({ before, after }) => [
      `${style.yellow("~")} ${after.ruleId}: ${said(before)}`,
      `  ${" ".repeat(after.ruleId.length)}→ ${said(after)}`,
    ]),
  ];
  if (changes.default !== undefined) {
    const { before, after } = changes.default;
    lines.push(`${style.yellow("~")} where no rule matches: ${before} → ${after}`);
  }
  const count = `${added.length} rules added, ${removed.length} removed, ${changed.length} changed`;
  return [...lines, count].join("\n");
}

/** What the two say of calls that were made, by change. */
export function replayText(report: ReplayReport, { style }: Output): string {
  const { calls, same, sameByAnotherRule, byUse, changes, notReplayed } = report;
  const skipped = Object.entries(notReplayed);
  const left = skipped.reduce((sum, [, count]) => sum + count, 0);
  const changed = calls - same - left;
  const blocks = changes.map(({ before, after, calls, rules, examples }) => {
    const head = style.bold(`${before} → ${after}: ${calls} ${calls === 1 ? "call" : "calls"}`);
    const by = rules.map((rule) => [`  ${rule.calls} ×`, rule.before, "→", rule.after]);
    const shown = examples.map((one) => {
      const what = [one.connector, one.operation, one.tool, one.host].filter(Boolean).join(" ");
      return `  for example ${oneLine(what, longestRule)}, ${new Date(one.at).toISOString()}, call ${one.callId}`;
    });
    return [head, columns(by), ...shown].join("\n");
  });
  const other = sameByAnotherRule === 0 ? "" : ` (${sameByAnotherRule} by another rule)`;
  return [
    `${calls} calls in the audit: ${same} decided alike${other}, ${changed} otherwise, ${left} not replayed`,
    ...blocks,
    ...(byUse === 0
      ? []
      : [`${byUse} weighed by the tokens or cost used; the most that they might use is not kept`]),
    ...skipped.map(([why, count]) => `not replayed, ${count} ×: ${words(why)}`),
  ].join("\n");
}

function words(why: string): string {
  const known: Readonly<Record<string, string>> = unreplayable;
  return known[why] ?? why;
}
