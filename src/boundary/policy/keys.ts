import type { Principal } from "../../base/principal.ts";
import { type Network, networkOf } from "../egress/address.ts";
import type { CallFacts } from "../types.ts";
import {
  agentFlaw,
  connectorFlaw,
  exactFlaw,
  type FlawFinder,
  hostFlaw,
  metadataFlaw,
} from "./flaws.ts";
import { globMatcher } from "../../base/glob.ts";
import { canonicalHost, hostMatcher } from "./host.ts";
import { keeping } from "./kept.ts";
import { type KnownHost, knownHost } from "./known-host.ts";
import type { Match, MatchKeyName, MatchValue } from "./schema.ts";

/** A call as rules look at it. */
export interface PolicyCall {
  readonly facts: CallFacts;
  readonly connector: string;
  /** The connector's id up to its colon, with the colon. */
  readonly surface: string;
  readonly principal: Principal;
  /** The host in its one spelling. */
  readonly host: string | undefined;
  /** What stands behind each dot of the host, with the dot: the patterns that it fits. */
  readonly above: readonly string[];
  /** What the host resolved to, where that is known. */
  readonly address: string | undefined;
  /** Where the call leads; undefined without a host. A name that says nothing counts as public. */
  readonly network: Network | undefined;
}

const none: readonly string[] = [];
const surfaceOf = keeping((connector) => connector.slice(0, connector.indexOf(":") + 1));

export function policyCall(facts: CallFacts, connector: string, principal: Principal): PolicyCall {
  const surface = surfaceOf(connector);
  if (facts.host === undefined) {
    return {
      facts,
      connector,
      surface,
      principal,
      host: undefined,
      above: none,
      address: undefined,
      network: undefined,
    };
  }
  const known = knownHost(facts.host);
  const address = facts.address === undefined ? undefined : canonicalHost(facts.address);
  const { name: host, above } = known;
  const network = networkOfCall(known, address, facts);
  return { facts, connector, surface, principal, host, above, address, network };
}

/** The least public of what is known: no fact can make another one harmless. */
function networkOfCall(
  { name: host, network: byHost }: KnownHost,
  address: string | undefined,
  facts: CallFacts,
): Network {
  if (byHost === "metadata") return byHost;
  // An address that cannot be read is not known to be public.
  const byAddress =
    address === undefined || address === host ? byHost : (networkOf(address) ?? "private");
  if (byAddress === "metadata") return byAddress;
  const inside = byHost === "private" || byAddress === "private" || facts.privateAddress === true;
  return inside ? "private" : "public";
}

/** One key that a rule can ask about. */
export interface MatchKey {
  readonly name: MatchKeyName;
  /** For the documentation. */
  readonly meaning: string;
  readonly comparison: "exact" | "pattern" | "host";
  /** What the call has; undefined where it has nothing, and then no rule on the key matches. */
  readonly read: (call: PolicyCall) => MatchValue | undefined;
  /** What else it has: a rule on the key matches either. */
  readonly readAlso?: (call: PolicyCall) => MatchValue | undefined;
  /** Finds values that no call can have. Values of a fixed set need none: the schema knows them. */
  readonly flaw?: FlawFinder;
}

/** Every key, in the order in which a rule tests them and an explanation lists them. */
export const matchKeys: readonly MatchKey[] = [
  {
    name: "connector",
    meaning: "Who is called, as `<surface>:<name>`, for example `mcp:filesystem`.",
    comparison: "pattern",
    read: (call) => call.connector,
    flaw: connectorFlaw,
  },
  {
    name: "operation",
    meaning: "The protocol's own word, for example `chat`, `tools/call`, `http.get`.",
    comparison: "exact",
    read: (call) => call.facts.operation,
    flaw: exactFlaw,
  },
  {
    name: "effect",
    meaning: "`read`, `write`, `destructive` or `unknown`; `unknown` is what nobody declared.",
    comparison: "exact",
    read: (call) => call.facts.effect,
  },
  {
    name: "repeat",
    meaning: "`safe`, `keyed` or `once`: whether the call may run again.",
    comparison: "exact",
    read: (call) => call.facts.repeat,
  },
  {
    name: "tool",
    meaning: "The tool's name, where a tool is called.",
    comparison: "pattern",
    read: (call) => call.facts.tool,
  },
  {
    name: "toolDigest",
    meaning: "SHA-256 of the tool's definition, 64 lower-case hexadecimal digits.",
    comparison: "exact",
    read: (call) => call.facts.toolDigest,
  },
  {
    name: "host",
    meaning: "Where the call goes, where it says so: the host as written, or what it resolved to.",
    comparison: "host",
    read: (call) => call.host,
    readAlso: (call) => call.address,
    flaw: hostFlaw,
  },
  {
    name: "port",
    meaning: "The port number, where the call says so.",
    comparison: "exact",
    read: (call) => call.facts.port,
  },
  {
    name: "private",
    meaning:
      "`true`: the host is `localhost`, an address that is not on the public internet, or a name " +
      "that turned out to lead to one. `false`: every host besides. A call without a host matches " +
      "neither.",
    comparison: "exact",
    // A host that is not known to be private counts as public: `deny: {private: false}` must not
    // be passed by leaving the fact out.
    read: ({ network }) => (network === undefined ? undefined : network !== "public"),
  },
  {
    name: "metadata",
    meaning:
      "`true`: the same for the addresses and names of cloud metadata services, and all link-local " +
      "IPv4 addresses; these are `private` too. `false`: every host besides.",
    comparison: "exact",
    read: ({ network }) => (network === undefined ? undefined : network === "metadata"),
    flaw: metadataFlaw,
  },
  {
    name: "injection",
    meaning:
      "`likely` or `suspected`: something that the run's agent has read by now, such as a tool's " +
      "result, looks as if it gave models orders. A call before that matches neither.",
    comparison: "exact",
    read: (call) => call.facts.injection,
  },
  {
    name: "toolInjection",
    meaning:
      "`likely` or `suspected`: what the tool's server says of the tool itself (its description, its " +
      "arguments, its hints) looks as if it gave models orders. Of a tool that does not it matches neither.",
    comparison: "exact",
    read: (call) => call.facts.toolInjection,
  },
  {
    name: "tenant",
    meaning: "The tenant on whose behalf the call is made.",
    comparison: "exact",
    read: (call) => call.principal.tenant,
    flaw: exactFlaw,
  },
  {
    name: "user",
    meaning: "The person or service that asked.",
    comparison: "exact",
    read: (call) => call.principal.user,
    flaw: exactFlaw,
  },
  {
    name: "agent",
    meaning: "The agent that acts, as `name@version`, where one does.",
    comparison: "pattern",
    read: (call) => call.principal.agent,
    flaw: agentFlaw,
  },
];

/** One key of one rule, ready to be tested. */
export interface CompiledKey {
  readonly key: MatchKey;
  readonly values: readonly MatchValue[];
  /** Whether a value is one that this key asks for. */
  readonly accepts: (actual: MatchValue) => boolean;
  readonly holds: (call: PolicyCall) => boolean;
}

function valueMatcher(
  key: MatchKey,
  values: readonly MatchValue[],
): (actual: MatchValue) => boolean {
  if (key.comparison === "exact") {
    const [only] = values;
    if (values.length === 1) return (actual) => actual === only;
    const all = new Set(values);
    return (actual) => all.has(actual);
  }
  const texts = values.map(String);
  const matches = key.comparison === "host" ? hostMatcher(texts) : globMatcher(texts);
  return (actual) => matches(String(actual));
}

/** The keys that a match gives, as tests. */
export function compileKeys(match: Match): readonly CompiledKey[] {
  return matchKeys.flatMap((key) => {
    const values = match[key.name];
    if (values === undefined) return [];
    const accepts = valueMatcher(key, values);
    return [{ key, values, accepts, holds: holdsFor(key, values, accepts) }];
  });
}

/** Most keys are compared with one value exactly; those are tested without a further function. */
function holdsFor(
  { comparison, read, readAlso }: MatchKey,
  values: readonly MatchValue[],
  accepts: (actual: MatchValue) => boolean,
): (call: PolicyCall) => boolean {
  if (readAlso !== undefined) {
    return (call) => {
      const actual = read(call);
      if (actual !== undefined && accepts(actual)) return true;
      const other = readAlso(call);
      return other !== undefined && accepts(other);
    };
  }
  const [only] = values;
  const plain = comparison === "exact" || !String(only).includes("*");
  if (values.length === 1 && plain) return (call) => read(call) === only;
  return (call) => {
    const actual = read(call);
    return actual !== undefined && accepts(actual);
  };
}
