/** What a skill says about tools. */
interface ToolRules {
  readonly allowedTools?: readonly string[] | undefined;
  readonly disallowedTools: readonly string[];
  readonly approvalTools: readonly string[];
}

/** What a skill says about tools, in a few words; empty where it says nothing. */
export function skillRulesText({
  allowedTools,
  disallowedTools,
  approvalTools,
}: ToolRules): string {
  const list = (names: readonly string[]): string => names.join(", ") || "none";
  return [
    ...(allowedTools === undefined ? [] : [`allows ${list(allowedTools)}`]),
    ...(disallowedTools.length === 0 ? [] : [`forbids ${list(disallowedTools)}`]),
    ...(approvalTools.length === 0 ? [] : [`asks about ${list(approvalTools)}`]),
  ].join(" · ");
}
