import type { Effect } from "../../src/base/effect.ts";
import { seededRandom } from "../../src/base/random.ts";
import { parsePack } from "../../src/boundary/policy/pack-file.ts";
import type { LoadedPack } from "../../src/boundary/policy/pack.ts";
import type { Question } from "./cedar-request.ts";

/** What a rule of the workload asks about; every language under test can say all of it. */
export interface BenchRule {
  readonly effect: "allow" | "deny";
  readonly connector?: string;
  readonly operation?: string;
  /** Any of these. */
  readonly effects?: readonly Effect[];
  /** A name, or a beginning with `*` behind. */
  readonly tool?: string;
  /** A name, or `*.` before one. */
  readonly host?: string;
  readonly user?: string;
}

const operations = ["tools/call", "http.get", "http.post", "web.fetch", "chat", "search"] as const;
const effects = ["read", "write", "destructive", "unknown"] as const;

/** A world that grows with the number of rules, as real ones do: more servers, hosts and people. */
function worldOf(rules: number) {
  const some = (least: number, share: number) => Math.max(least, Math.round(rules * share));
  return { servers: some(4, 0.05), hosts: some(6, 0.2), users: some(4, 0.02), tools: 12 };
}

/**
 * Rules about tools of servers, hosts and their names below, operations and people. Each deny names
 * a person or what the call does, and no allow does both, so that no deny covers an allow.
 */
export function makeRules(count: number, seed: number): readonly BenchRule[] {
  const random = seededRandom(seed).next;
  const below = (limit: number) => Math.floor(random() * limit);
  const world = worldOf(count);
  return Array.from({ length: count }, (): BenchRule => {
    const deny = random() < 0.3;
    const kind = random();
    const narrowing =
      random() < 0.5
        ? { user: `user-${below(world.users)}` }
        : { effects: ["destructive", "unknown"] as const };
    const effect = deny ? { effect: "deny" as const, ...narrowing } : { effect: "allow" as const };
    const server = `mcp:server-${below(world.servers)}`;
    if (kind < 0.45) {
      const tool = random() < 0.25 ? "get_*" : `${verb(below(3))}_${below(world.tools)}`;
      return { ...effect, connector: server, tool };
    }
    if (kind < 0.85) {
      const name = `h${below(world.hosts)}.example.org`;
      const connector = random() < 0.5 ? "http:api" : "web:fetch";
      return { ...effect, connector, host: random() < 0.3 ? `*.${name}` : name };
    }
    if (kind < 0.95) return { ...effect, connector: server, operation: "tools/call" };
    return { ...effect, operation: "http.get", host: `h${below(world.hosts)}.example.org` };
  });
}

function verb(number: number): string {
  return ["get", "put", "list"][number] ?? "get";
}

/** Questions of which most touch some rule, all to public names. */
export function makeQuestions(rules: number, count: number, seed: number): readonly Question[] {
  const random = seededRandom(seed).next;
  const below = (limit: number) => Math.floor(random() * limit);
  const world = worldOf(rules);
  return Array.from({ length: count }, (): Question => {
    const effect = effects[below(4)] ?? "read";
    const principal = { tenant: "acme", user: `user-${below(world.users)}` };
    if (random() < 0.5) {
      const tool = `${verb(below(3))}_${below(world.tools)}`;
      const facts = { operation: "tools/call", effect, repeat: "once", tool } as const;
      return { facts, connector: `mcp:server-${below(world.servers)}`, principal };
    }
    const operation = operations[1 + below(operations.length - 1)] ?? "http.get";
    const name = `h${below(world.hosts)}.example.org`;
    const host = random() < 0.3 ? `api.${name}` : name;
    const connector = random() < 0.5 ? "http:api" : "web:fetch";
    const facts = { operation, effect, repeat: "once", host, port: 443 } as const;
    return { facts, connector, principal };
  });
}

/** The rules as one of our packs. */
export function packOf(rules: readonly BenchRule[]): LoadedPack {
  const lines = rules.map(({ effect, effects, ...facts }, index) => {
    const match = { ...facts, ...(effects === undefined ? {} : { effect: effects }) };
    return `  - { id: r${index}, ${effect}: ${JSON.stringify(match)}, reason: x }`;
  });
  const head = "pack: bench\nversion: 1\ndescription: d\ndefault: deny\nrules:\n";
  return parsePack(`${head}${lines.join("\n")}\n`, "bench.yaml");
}

/** The rules as Cedar policies, with what the head of a policy can say in its head. */
export function cedarOf(rules: readonly BenchRule[]): string {
  return rules.map(cedarPolicy).join("\n");
}

function cedarPolicy(rule: BenchRule): string {
  const { connector, operation, user } = rule;
  const conditions: string[] = [];
  if (rule.effects !== undefined) {
    conditions.push(`${JSON.stringify(rule.effects)}.contains(context.effect)`);
  }
  for (const key of ["tool", "host"] as const) {
    const value = rule[key];
    if (value === undefined) continue;
    const compare = value.includes("*") ? "like" : "==";
    conditions.push(`context has ${key} && context.${key} ${compare} "${value}"`);
  }
  const head = [
    user === undefined ? "principal" : `principal == User::"${user}"`,
    operation === undefined ? "action" : `action == Action::"${operation}"`,
    connector === undefined ? "resource" : `resource == Connector::"${connector}"`,
  ];
  const when = conditions.length === 0 ? "" : ` when { ${conditions.join(" && ")} }`;
  return `${rule.effect === "deny" ? "forbid" : "permit"}(${head.join(", ")})${when};`;
}

/** One rule as an expression of CEL over the facts, where those that a call lacks are empty. */
export function celOf({ connector, operation, effects, tool, host, user }: BenchRule): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries({ connector, operation, user, tool, host })) {
    if (value === undefined) continue;
    if (value.startsWith("*")) parts.push(`${name}.endsWith("${value.slice(1)}")`);
    else if (value.endsWith("*")) parts.push(`${name}.startsWith("${value.slice(0, -1)}")`);
    else parts.push(`${name} == "${value}"`);
  }
  if (effects !== undefined) parts.push(`effect in ${JSON.stringify(effects)}`);
  return parts.join(" && ");
}
