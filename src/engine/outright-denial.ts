import type { Principal } from "../base/principal.ts";
import type { CompiledPolicy } from "../boundary/policy/index.ts";
import type { CallFacts } from "../boundary/types.ts";

/** Whether a policy denies a call whatever its arguments are and whatever was called before. */
export type OutrightDenial = (facts: CallFacts, connector: string, principal: Principal) => boolean;

/**
 * What a policy denies outright need not be offered to a model. A denial that hangs on a condition
 * is none: with other arguments, the call may pass.
 */
export function outrightDenial(policy: CompiledPolicy): OutrightDenial {
  const hangs = ({ when, session }: CompiledPolicy["rules"][number]) =>
    when !== undefined || session !== undefined;
  const rules = new Map(policy.rules.map((rule) => [rule.ruleId, rule]));
  const plain = new Set(
    policy.rules
      .filter((rule) => rule.effect === "deny" && !hangs(rule))
      .map((rule) => rule.ruleId),
  );
  const opensByCondition = policy.rules.some((rule) => rule.effect !== "deny" && hangs(rule));
  return ({ args: _args, ...facts }, connector, principal) => {
    const { effect, ruleId, matched } = policy.decide(facts, connector, principal);
    if (effect !== "deny") return false;
    if (matched.some((id) => plain.has(id))) return true;
    // Decided by a default: only an allow rule that looks at arguments could open it.
    return !rules.has(ruleId) && !opensByCondition;
  };
}
