import type { Network } from "../egress/address.ts";
import type { CallFacts } from "../types.ts";
import { hostPattern } from "./host.ts";
import type { CompiledKey, PolicyCall } from "./keys.ts";
import type { CompiledRule } from "./policy.ts";
import { fileRules, scanIndex } from "./rule-index.ts";
import type { Match } from "./schema.ts";

/**
 * Whether every call that `narrow` matches is matched by `wide` too. A pattern is compared as if
 * its `*` were a letter: only a `*` of the wide pattern can take it in, so the answer is safe.
 */
export function covers(wide: CompiledRule, narrow: CompiledRule): boolean {
  if (wide.session !== undefined) return false;
  if (wide.when !== undefined && wide.when.text !== narrow.when?.text) return false;
  return takesIn(wide.keys, narrow.match);
}

/** Whether keys accept every value that a match gives. */
export function takesIn(keys: readonly CompiledKey[], match: Match): boolean {
  for (const { key, accepts } of keys) {
    const values = match[key.name];
    if (values === undefined) return false;
    for (const value of values) {
      if (!accepts(key.comparison === "host" ? hostPattern(String(value)) : value)) return false;
    }
  }
  return true;
}

/**
 * Finds rules that cover another one among many, in the order in which they were given. They are
 * filed as for calls, and looked up by a call that has the first of each of the rule's values: what
 * covers the rule matches that too. So a large policy is not compared pair by pair.
 */
export function coverIndex(
  rules: readonly CompiledRule[],
): (narrow: CompiledRule) => readonly CompiledRule[] {
  const ofOrder = new Map(rules.map((rule, place) => [rule.order, { rule, place }]));
  const index = fileRules(rules);
  return (narrow) => {
    const hits = { orders: [], count: 0 };
    scanIndex(index, sampleCall(narrow.match), hits);
    return [...new Set<number>(hits.orders)]
      .flatMap((order) => ofOrder.get(order) ?? [])
      .filter(({ rule }) => covers(rule, narrow))
      .sort((a, b) => a.place - b.place)
      .map(({ rule }) => rule);
  };
}

/** A call with one of each of a match's values, patterns as they are written, and nothing else. */
function sampleCall(match: Match): PolicyCall {
  const { operation, effect, repeat, tool, toolDigest, port, injection, tenant, user, agent } =
    match;
  const connector = match.connector?.[0] ?? "";
  const host = match.host?.[0] === undefined ? undefined : hostPattern(match.host[0]);
  const facts: { readonly [Name in keyof CallFacts]?: CallFacts[Name] | undefined } = {
    operation: operation?.[0],
    effect: effect?.[0],
    repeat: repeat?.[0],
    tool: tool?.[0],
    toolDigest: toolDigest?.[0],
    port: port?.[0],
    injection: injection?.[0],
    toolInjection: match.toolInjection?.[0],
  };
  return {
    // What a rule says nothing about, the sample lacks, whatever real calls have.
    facts: facts as CallFacts,
    connector,
    surface: connector.slice(0, connector.indexOf(":") + 1),
    principal: {
      tenant: tenant?.[0],
      user: user?.[0],
      agent: agent?.[0],
    } as PolicyCall["principal"],
    host,
    above: host === undefined ? [] : suffixesOf(host),
    address: undefined,
    network: networkOf(match),
  };
}

/** What stands behind each dot but a leading one, with the dot. */
function suffixesOf(host: string): readonly string[] {
  const suffixes: string[] = [];
  for (let dot = host.indexOf(".", 1); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    suffixes.push(host.slice(dot));
  }
  return suffixes;
}

/** A network that is as both `private` and `metadata` of the match want it. */
function networkOf(match: Match): Network | undefined {
  if (match.private === undefined && match.metadata === undefined) return undefined;
  const may = (key: "private" | "metadata", value: boolean): boolean =>
    match[key] === undefined || match[key].includes(value);
  if (may("private", false) && may("metadata", false)) return "public";
  return may("private", true) && may("metadata", false) ? "private" : "metadata";
}
