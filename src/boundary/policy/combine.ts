import { digestOf } from "../../base/digest.ts";
import type { Decision, PolicyDecider } from "../types.ts";
import {
  type CompiledPolicy,
  type CompiledRule,
  type PolicyDefault,
  strictness,
} from "./policy.ts";

/**
 * Several policies as one that is as strict as the strictest of them about each call. Unlike packs
 * of one policy, none of them can allow what another one's default refuses.
 * @param policies at least one
 */
export function strictestOf(
  policies: readonly [CompiledPolicy, ...CompiledPolicy[]],
): CompiledPolicy {
  const [first, ...others] = policies;
  if (others.length === 0) return first;
  const version = digestOf(policies.map((policy) => policy.version));
  return {
    version,
    packs: unique(policies.flatMap(({ packs }) => packs)),
    rules: distinctRules(policies.flatMap(({ rules }) => rules)),
    default: policies.map((policy) => policy.default).reduce(stricterDefault),
    ignoresArguments: policies.every(({ ignoresArguments }) => ignoresArguments),
    decide: (facts, connectorId, principal) => {
      let said = first.decide(facts, connectorId, principal);
      for (const other of others) said = united(said, other.decide(facts, connectorId, principal));
      return { ...said, policyVersion: version };
    },
  };
}

/**
 * A policy that is as strict about an agent as about those that it works for: what one of them may
 * not do, it may not do for them either.
 * @param above the agents that it works for, as `name@version`
 */
export function strictestFor(policy: PolicyDecider, above: readonly string[]): PolicyDecider {
  return {
    ...(policy.ignoresArguments === undefined ? {} : { ignoresArguments: policy.ignoresArguments }),
    version: policy.version,
    decide: (facts, connector, principal) =>
      above
        .map((agent) => policy.decide(facts, connector, { ...principal, agent }))
        .reduce(united, policy.decide(facts, connector, principal)),
  };
}

/** The stricter of two decisions, with what both remark. */
function united(one: Decision, other: Decision): Decision {
  const winner = strictness[other.effect] > strictness[one.effect] ? other : one;
  const dryRun = one.dryRun ?? other.dryRun;
  return {
    ...winner,
    matched: unique([...one.matched, ...other.matched]),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...joined("failedConditions", one, other, ({ ruleId }) => ruleId),
    ...joined("shadow", one, other, ({ ruleId }) => ruleId),
    ...joined("session", one, other, ({ ruleId }) => ruleId),
    ...joined("awaitedBy", one, other, (ruleId) => ruleId),
  };
}

type Lists = Required<Pick<Decision, "failedConditions" | "shadow" | "session" | "awaitedBy">>;

/** Both lists under a name as one, each rule once: a pack can be part of both policies. */
function joined<Name extends keyof Lists>(
  name: Name,
  one: Decision,
  other: Decision,
  idOf: (item: Lists[Name][number]) => string,
): Partial<Decision> {
  const items: readonly Lists[Name][number][] = [...(one[name] ?? []), ...(other[name] ?? [])];
  if (items.length === 0) return {};
  return { [name]: [...new Map(items.map((item) => [idOf(item), item])).values()] };
}

function stricterDefault(one: PolicyDefault, other: PolicyDefault): PolicyDefault {
  return strictness[other.effect] > strictness[one.effect] ? other : one;
}

/** Rules of the settings are named alike and differ. */
function distinctRules(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  const keyOf = ({ pack, ruleId, match }: CompiledRule): string =>
    pack === "settings" ? `${ruleId} ${JSON.stringify(match)}` : ruleId;
  return [...new Map(rules.map((rule) => [keyOf(rule), rule])).values()];
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
