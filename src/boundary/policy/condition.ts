import { err, ok, type Result } from "../../base/result.ts";
import { compileExpression, type ExpressionProblem } from "./expression.ts";
import type { PolicyCall } from "./keys.ts";

/** The `when` of a rule. */
export interface Condition {
  readonly text: string;
  /** Whether it is true of a call, or in words why that cannot be said. */
  readonly holds: (call: PolicyCall) => Result<boolean, string>;
}

const yes = ok(true);
const no = ok(false);

/** Reads a condition and checks its types and the names of the facts in it. */
export function compileCondition(text: string): Result<Condition, ExpressionProblem> {
  const compiled = compileExpression(text, "boolean");
  if (!compiled.ok) return compiled;
  const { evaluate } = compiled.value;
  return ok({
    text,
    holds: (call) => {
      const found = evaluate(call);
      if (!found.ok) return found;
      if (found.value === true) return yes;
      return found.value === false ? no : err("it is neither true nor false");
    },
  });
}
