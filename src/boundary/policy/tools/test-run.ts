import type { Clock } from "../../../base/clock.ts";
import { suggestName } from "../../../base/nearest.ts";
import type { Decision } from "../../types.ts";
import type { Position } from "../errors.ts";
import type { CompiledPolicy } from "../policy.ts";
import type { PolicyCase } from "./test-file.ts";

/** What became of one case. */
export interface PolicyCaseResult {
  readonly name: string;
  readonly at: Position;
  readonly passed: boolean;
  readonly expected: PolicyCase["expected"];
  readonly decided: Pick<Decision, "effect" | "ruleId" | "matched">;
  /** What was wrong; absent where it passed. */
  readonly message?: string;
  readonly durationMs: number;
}

/** Asks the policy about each case. */
export function runCases(
  policy: CompiledPolicy,
  cases: readonly PolicyCase[],
  clock: Clock,
): readonly PolicyCaseResult[] {
  return cases.map(({ name, at, connector, facts, principal, expected }) => {
    const began = clock.monotonic();
    const decision = policy.decide(facts, connector, principal);
    const durationMs = clock.monotonic() - began;
    const { effect, ruleId, matched } = decision;
    const asExpected = effect === expected.effect && (expected.rule ?? ruleId) === ruleId;
    return {
      name,
      at,
      passed: asExpected,
      expected,
      decided: { effect, ruleId, matched },
      ...(asExpected ? {} : { message: difference(expected, decision, policy) }),
      durationMs,
    };
  });
}

function difference(
  { effect, rule }: PolicyCase["expected"],
  decision: Decision,
  policy: CompiledPolicy,
): string {
  const wanted = rule === undefined ? effect : `${effect} by ${rule}`;
  const reason = decision.reason === undefined ? "" : ` (${decision.reason})`;
  const said = `expected ${wanted}, got ${decision.effect} by ${decision.ruleId}${reason}`;
  const known = [...policy.rules.map(({ ruleId }) => ruleId), policy.default.ruleId];
  if (rule === undefined || known.includes(rule) || rule.startsWith("egress/")) return said;
  return `${said}; this policy has no rule "${rule}". ${suggestName(rule, known)}`;
}
