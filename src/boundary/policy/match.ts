import type { Network } from "../egress/address.ts";
import type { Decision } from "../types.ts";
import type { PolicyCall } from "./keys.ts";
import { type CompiledRule, type PolicyDefault, strictness } from "./policy.ts";
import { fileRules, type Hits, scanIndex } from "./rule-index.ts";
import { awaiting, isPlain, sift } from "./sift.ts";

/** The function that decides about calls, over an index of the rules. */
export function createMatcher(
  rules: readonly CompiledRule[],
  fallback: PolicyDefault,
  policyVersion: string,
): (call: PolicyCall) => Decision {
  const index = fileRules(rules);
  // One list for all decisions: deciding is synchronous, so it is never needed twice at once.
  const hits: Hits = { orders: [], count: 0 };
  // Most calls match one rule or none; their decisions are made beforehand.
  const alone = rules.map((rule) => freeze(decisionOf(rule, [rule.ruleId], policyVersion)));
  const { dryRun, shadow } = fallback;
  const none: Decision = freeze({
    effect: fallback.effect,
    ruleId: fallback.ruleId,
    matched: [],
    reason: `No rule matches this call, and the default of the pack "${fallback.pack}" is ${fallback.effect}.`,
    policyVersion,
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(shadow.length === 0 ? {} : { shadow }),
  });

  const someAnswer = rules.some(({ answers }) => answers !== undefined);
  const ofHits = (): Decision => {
    if (hits.count === 0) return none;
    if (hits.count === 1) return alone[hits.orders[0] ?? 0] ?? none;

    const matched: string[] = [];
    let winner: CompiledRule | undefined;
    for (let place = 0; place < hits.count; place++) {
      const rule = rules[hits.orders[place] ?? 0];
      if (rule === undefined) continue;
      matched.push(rule.ruleId);
      if (winner === undefined || strictness[rule.effect] > strictness[winner.effect]) {
        winner = rule;
      }
    }
    if (winner?.effect === "ask" && someAnswer) winner = answering(hits, rules) ?? winner;
    return winner === undefined ? none : decisionOf(winner, matched, policyVersion);
  };

  /** The decision, or a denial where it leads off the public internet and no rule opens that. */
  const opened = (decision: Decision, network: Network): Decision => {
    if (network === "public" || decision.effect === "deny") return decision;
    for (let place = 0; place < hits.count; place++) {
      const opens = rules[hits.orders[place] ?? 0]?.opens;
      if (opens === "metadata" || opens === network) return decision;
    }
    return { ...shut[network], matched: decision.matched, policyVersion };
  };

  // A policy without rules that need a second look does not pay for one.
  const special = rules.map((rule) => !isPlain(rule));
  const allPlain = !special.includes(true);
  const anySpecial = (): boolean => {
    for (let place = 0; place < hits.count; place++) {
      if (special[hits.orders[place] ?? 0] === true) return true;
    }
    return false;
  };
  const waiting = rules.filter(({ awaited }) => awaited !== undefined);
  return (call) => {
    hits.count = 0;
    scanIndex(index, call, hits);
    if (hits.count > 1) sortAndUnite(hits);
    if (allPlain) return opened(ofHits(), call.network ?? "public");
    const remarks = anySpecial() ? sift(hits, rules, call) : undefined;
    const awaitedBy = waiting.length === 0 ? undefined : awaiting(waiting, call);
    const decision = opened(ofHits(), call.network ?? "public");
    if (remarks === undefined && awaitedBy === undefined) return decision;
    return { ...decision, ...remarks, ...(awaitedBy === undefined ? {} : { awaitedBy }) };
  };
}

/** The first allow rule that matches, where those that do answer every ask rule that does. */
function answering(hits: Hits, rules: readonly CompiledRule[]): CompiledRule | undefined {
  const asked: string[] = [];
  const answered = new Set<string>();
  let first: CompiledRule | undefined;
  for (let place = 0; place < hits.count; place++) {
    const rule = rules[hits.orders[place] ?? 0];
    if (rule?.effect === "ask") asked.push(rule.ruleId);
    if (rule?.answers === undefined) continue;
    first ??= rule;
    for (const ruleId of rule.answers) answered.add(ruleId);
  }
  return asked.every((ruleId) => answered.has(ruleId)) ? first : undefined;
}

/** What is said where rules allow a call and none of them opens the network that it leads to. */
const shut = {
  private: {
    effect: "deny",
    ruleId: "egress/private-address",
    reason:
      "It leads to an address off the public internet, which only a rule with private: true opens.",
  },
  metadata: {
    effect: "deny",
    ruleId: "egress/metadata-address",
    reason:
      "It leads to a metadata or link-local address, which only a rule with metadata: true opens.",
  },
} as const;

/**
 * Puts the hits into file order and drops doubles: a rule for both `a.example.org` and
 * `*.example.org` is found under either.
 */
function sortAndUnite(hits: Hits): void {
  const { orders } = hits;
  if (hits.count > 32) {
    orders.length = hits.count;
    orders.sort((a, b) => a - b);
  } else {
    insertionSort(orders, hits.count);
  }
  let kept = 1;
  for (let place = 1; place < hits.count; place++) {
    const order = orders[place] ?? 0;
    if (order !== orders[kept - 1]) orders[kept++] = order;
  }
  hits.count = kept;
}

/** For a handful of numbers: without a comparing function and without copies. */
function insertionSort(orders: number[], count: number): void {
  for (let end = 1; end < count; end++) {
    const order = orders[end] ?? 0;
    let place = end;
    for (; place > 0 && (orders[place - 1] ?? 0) > order; place--) {
      orders[place] = orders[place - 1] ?? 0;
    }
    orders[place] = order;
  }
}

function decisionOf(
  rule: CompiledRule,
  matched: readonly string[],
  policyVersion: string,
): Decision {
  const { effect, ruleId, reason, ttlMs } = rule;
  if (ttlMs === undefined) return { effect, ruleId, matched, reason, policyVersion };
  return { effect, ruleId, matched, reason, policyVersion, approvalTtlMs: ttlMs };
}

/** Decisions that are given out more than once must not be changed by who gets them. */
function freeze(decision: Decision): Decision {
  Object.freeze(decision.matched);
  Object.freeze(decision.shadow);
  return Object.freeze(decision);
}
