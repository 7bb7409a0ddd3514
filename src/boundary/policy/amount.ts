import { err, ok, type Result } from "../../base/result.ts";
import type { SpendAmount } from "../types.ts";
import { compileExpression, type ExpressionProblem } from "./expression.ts";
import type { PolicyCall } from "./keys.ts";

/** What a limit sums up. */
export interface Amount {
  readonly text: string;
  /** What one call adds, or in words why that cannot be said. */
  readonly adds: (call: PolicyCall) => Result<number | SpendAmount, string>;
  /** How many of what is counted one unit of `max` is. */
  readonly unit: number;
}

const microUsd = 1_000_000;

/** Reads the `sum` of a limit: a word for what the chain measures, or CEL that gives a number. */
export function compileAmount(text: string): Result<Amount, ExpressionProblem> {
  if (text === "tokens") return ok({ text, adds: () => ok("tokens"), unit: 1 });
  if (text === "costUsd") return ok({ text, adds: () => ok("costMicroUsd"), unit: microUsd });
  const compiled = compileExpression(text, "number");
  if (!compiled.ok) return compiled;
  const { evaluate } = compiled.value;
  return ok({
    text,
    unit: 1,
    adds: (call) => {
      const found = evaluate(call);
      if (!found.ok) return found;
      const value = typeof found.value === "bigint" ? Number(found.value) : found.value;
      // Below 0 a call would make room for others.
      if (typeof value === "number" && Number.isFinite(value) && value >= 0) return ok(value);
      return err("it is no amount from 0");
    },
  });
}
