import { Agent33Error } from "../base/errors.ts";

const shown = 8;

/**
 * The error for arguments that do not fit a tool's schema, in words that let the model correct
 * itself.
 * @param problems one sentence each, naming the field and what was expected
 */
export function invalidArguments(toolName: string, problems: readonly string[]): Agent33Error {
  const rest = problems.length - shown;
  const list = problems.slice(0, shown).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
  return new Agent33Error(
    "tools.invalid_arguments",
    `The arguments of ${toolName} do not fit its schema: ${list}.`,
    {
      hint: "Call the tool again with these fields corrected.",
      details: { tool: toolName, problems: problems.slice(0, shown) },
    },
  );
}
