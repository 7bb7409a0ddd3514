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
  readonly decided: Pick<Decision, "effect" | "ruleId" | "matched"> & {
    /** Rules that depend on the calls before this one. */
    readonly limits: readonly string[];
  };
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
    const limits = limitsOf(decision);
    const asExpected =
      effect === expected.effect &&
      (expected.rule ?? ruleId) === ruleId &&
      sameNames(expected.limits ?? limits, limits);
    return {
      name,
      at,
      passed: asExpected,
      expected,
      decided: { effect, ruleId, matched, limits },
      ...(asExpected ? {} : { message: difference(expected, decision, policy) }),
      durationMs,
    };
  });
}

function limitsOf({ session = [] }: Decision): readonly string[] {
  return session.map(({ ruleId }) => ruleId);
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function difference(
  { effect, rule, limits }: PolicyCase["expected"],
  decision: Decision,
  policy: CompiledPolicy,
): string {
  const wanted = rule === undefined ? effect : `${effect} by ${rule}`;
  const reason = decision.reason === undefined ? "" : ` (${decision.reason})`;
  const found = limitsOf(decision);
  const counted =
    limits === undefined || sameNames(limits, found)
      ? ""
      : `; expected the limits ${listed(limits)}, got ${listed(found)}`;
  const said = `expected ${wanted}, got ${decision.effect} by ${decision.ruleId}${reason}${counted}`;
  const known = [...policy.rules.map(({ ruleId }) => ruleId), policy.default.ruleId];
  if (rule === undefined || known.includes(rule) || rule.startsWith("egress/")) return said;
  return `${said}; this policy has no rule "${rule}". ${suggestName(rule, known)}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
