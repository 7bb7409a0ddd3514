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
import type { LoadedPack, LoadedRule } from "./pack.ts";
import type { PolicyMode } from "./schema.ts";

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
    rules: rules.map((rule) => ({
      ruleId: rule.ruleId,
      mode: rule.mode,
      effect: rule.effect,
      match: rule.match,
      when: rule.when?.text ?? null,
      limit: rule.limit === undefined ? null : { ...rule.limit, sum: rule.limit.sum?.text ?? null },
      before: rule.before ?? null,
      answers: rule.answers ?? null,
      reason: rule.reason,
      ttlMs: rule.ttlMs ?? null,
    })),
  });
  const decideCall = createMatcher(rules, fallback, version);
  return {
    version,
    packs: packs.map((pack) => pack.name),
    rules,
    default: fallback,
    ignoresArguments: rules.every(looksAtFactsOnly),
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
    ...packs.flatMap((pack) =>
      pack.rules.map((rule) => ({ rule, pack: pack.name, of: pack.mode })),
    ),
    ...settings.map((rule) => ({ rule, pack: "settings", of: undefined })),
  ].map(({ rule, pack, of }, order) =>
    compileRule(rule, pack, rule.mode ?? of ?? "enforce", order),
  );
}

function compileRule(
  rule: LoadedRule,
  pack: string,
  mode: PolicyMode,
  order: number,
): CompiledRule {
  const keys = compileKeys(rule.match);
  const matches = (call: PolicyCall): boolean => {
    for (const key of keys) if (!key.holds(call)) return false;
    return true;
  };
  return {
    ...rule,
    order,
    ruleId: `${pack}/${rule.id}`,
    pack,
    mode,
    keys,
    ...sessionOf(rule, `${pack}/${rule.id}`, mode),
    opens: opened(rule),
    matches,
  };
}

function sessionOf(
  { effect, limit, before, reason, ttlMs }: LoadedRule,
  ruleId: string,
  mode: PolicyMode,
): Pick<CompiledRule, "session" | "awaited"> {
  if (limit === undefined && before === undefined) return {};
  const ttl = ttlMs === undefined ? {} : { approvalTtlMs: ttlMs };
  const session = { ruleId, effect, mode, reason, ...ttl };
  if (limit === undefined) return { session, awaited: compileKeys(before ?? {}) };
  const { per, max, windowMs, sum } = limit;
  return {
    session: {
      ...session,
      limit: {
        per,
        quantity: sum === undefined ? "calls" : "amount",
        most: sum === undefined ? max : max * sum.unit,
        ...(windowMs === undefined ? {} : { windowMs }),
        adds: 0,
      },
    },
  };
}

/**
 * Fields of a rule with which its effect hangs on a call's facts alone. A rule that has another
 * field is taken to look at arguments, or at what happened before.
 */
const factFields: ReadonlySet<string> = new Set([
  "id",
  "effect",
  "match",
  "reason",
  "ttlMs",
  "answers",
  "at",
  "order",
  "ruleId",
  "pack",
  "mode",
  "keys",
  "opens",
  "matches",
] satisfies (keyof CompiledRule)[]);

function looksAtFactsOnly(rule: CompiledRule): boolean {
  return Object.keys(rule).every((field) => factFields.has(field));
}

function opened({ match }: LoadedRule): Network {
  if (match.metadata?.includes(true) === true) return "metadata";
  return match.private?.includes(true) === true ? "private" : "public";
}

function strictestDefault(packs: readonly LoadedPack[]): PolicyDefault {
  const inForce = packs.filter(({ mode }) => mode !== "shadow");
  let [strictest] = inForce;
  if (strictest === undefined) {
    const hint = "Select a pack that is not in shadow: those decide nothing.";
    throw policyError("no_pack", packs[0]?.defaultAt, "a policy needs at least one pack.", hint);
  }
  for (const pack of inForce) {
    if (strictness[pack.default] > strictness[strictest.default]) strictest = pack;
  }
  const dry = inForce.find(({ mode }) => mode === "dry-run");
  return {
    effect: strictest.default,
    ruleId: `${strictest.name}/default`,
    pack: strictest.name,
    ...(dry === undefined ? {} : { dryRun: `${dry.name}/default` }),
    shadow: packs
      .filter(({ mode }) => mode === "shadow")
      .map((pack) => ({ ruleId: `${pack.name}/default`, effect: pack.default })),
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
