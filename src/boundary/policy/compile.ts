import { digestOf } from "../../base/digest.ts";
import type { Network } from "../egress/address.ts";
import { policyProblems } from "./check.ts";
import { policyError } from "./errors.ts";
import { compileKeys, type PolicyCall, policyCall } from "./keys.ts";
import { createMatcher } from "./match.ts";
import {
  type CompiledPolicy,
  type CompiledRule,
  type PolicyDefault,
  strictness,
} from "./policy.ts";
import type { LoadedPack, LoadedRule } from "./schema.ts";

/** What the settings forbid by name, whatever the packs say. */
export interface Blocklist {
  /** Connector ids or patterns, as the key `connector` of a rule. */
  readonly connectors?: readonly string[];
  readonly operations?: readonly string[];
}

export interface CompileOptions {
  readonly blocklist?: Blocklist;
}

/**
 * Unites packs and the settings' blocklist into one policy.
 * @throws Agent33Error `policy.never_matches` for a rule, or one of its values, that no call can
 * fit; `policy.shadowed` for a rule or default that a stricter one in sight of its author always
 * overrides; `policy.no_pack` for no packs at all.
 */
export function compilePolicy(
  packs: readonly LoadedPack[],
  options: CompileOptions = {},
): CompiledPolicy {
  const fallback = strictestDefault(packs);
  const rules = compileRules(packs, options);
  const [problem] = policyProblems(packs, rules);
  if (problem !== undefined) throw problem;

  const version = digestOf({
    default: fallback,
    rules: rules.map(({ ruleId, effect, match, reason, ttlMs }) => ({
      ruleId,
      effect,
      match,
      reason,
      ttlMs: ttlMs ?? null,
    })),
  });
  const decideCall = createMatcher(rules, fallback, version);
  return {
    version,
    packs: packs.map((pack) => pack.name),
    rules,
    default: fallback,
    decide: (facts, connectorId, principal) =>
      decideCall(policyCall(facts, connectorId, principal)),
  };
}

/** The rules of packs and settings in the order in which they are named, not yet checked. */
export function compileRules(
  packs: readonly LoadedPack[],
  options: CompileOptions = {},
): readonly CompiledRule[] {
  const settings = blocklistRules(options.blocklist ?? {});
  return [
    ...packs.flatMap((pack) => pack.rules.map((rule) => ({ rule, pack: pack.name }))),
    ...settings.map((rule) => ({ rule, pack: "settings" })),
  ].map(({ rule, pack }, order) => compileRule(rule, pack, order));
}

function compileRule(rule: LoadedRule, pack: string, order: number): CompiledRule {
  const keys = compileKeys(rule.match);
  const matches = (call: PolicyCall): boolean => {
    for (const key of keys) if (!key.holds(call)) return false;
    return true;
  };
  return { ...rule, order, ruleId: `${pack}/${rule.id}`, pack, keys, opens: opened(rule), matches };
}

function opened({ match }: LoadedRule): Network {
  if (match.metadata?.includes(true) === true) return "metadata";
  return match.private?.includes(true) === true ? "private" : "public";
}

function strictestDefault(packs: readonly LoadedPack[]): PolicyDefault {
  let [strictest] = packs;
  if (strictest === undefined) {
    throw policyError("no_pack", undefined, "a policy needs at least one pack.", "Select a pack.");
  }
  for (const pack of packs) {
    if (strictness[pack.default] > strictness[strictest.default]) strictest = pack;
  }
  return {
    effect: strictest.default,
    ruleId: `${strictest.name}/default`,
    pack: strictest.name,
  };
}

function blocklistRules(blocklist: Blocklist): readonly LoadedRule[] {
  const { connectors = [], operations = [] } = blocklist;
  const rules: LoadedRule[] = [];
  if (connectors.length > 0) {
    const reason = "The settings block this connector.";
    rules.push({
      id: "blocked-connectors",
      effect: "deny",
      match: { connector: [...connectors] },
      reason,
    });
  }
  if (operations.length > 0) {
    const reason = "The settings block this operation.";
    rules.push({
      id: "blocked-operations",
      effect: "deny",
      match: { operation: [...operations] },
      reason,
    });
  }
  return rules;
}
