import type { Principal } from "../base/principal.ts";
import type { CallFacts, Decision, PolicyDecider } from "./types.ts";

/** Kept of one connector; a connector with more tools than that decides some of them anew. */
const mostRemembered = 256;

interface Remembered {
  readonly policy: PolicyDecider;
  readonly facts: CallFacts;
  readonly principal: Principal;
  readonly decision: Decision;
}

/**
 * What a policy said about one connector's last calls, by tool. An agent calls the same few things
 * again and again, and comparing costs a twentieth of deciding. Only policies that say of
 * themselves that arguments change nothing are remembered.
 */
export class RememberedDecisions {
  readonly #byTool = new Map<string, Remembered>();

  decide(
    policy: PolicyDecider,
    facts: CallFacts,
    connector: string,
    principal: Principal,
  ): Decision {
    if (policy.ignoresArguments !== true) return policy.decide(facts, connector, principal);
    const label = facts.tool ?? facts.operation;
    const known = this.#byTool.get(label);
    if (known !== undefined && known.policy === policy) {
      if (sameFacts(known.facts, facts) && samePrincipal(known.principal, principal)) {
        return known.decision;
      }
    }
    const decision = policy.decide(facts, connector, principal);
    if (this.#byTool.size >= mostRemembered) this.#byTool.clear();
    const { args: _, ...rest } = facts;
    this.#byTool.set(label, { policy, facts: rest, principal: { ...principal }, decision });
    return decision;
  }
}

function sameFacts(one: CallFacts, other: CallFacts): boolean {
  return (
    one.operation === other.operation &&
    one.effect === other.effect &&
    one.repeat === other.repeat &&
    one.tool === other.tool &&
    one.toolDigest === other.toolDigest &&
    one.model === other.model &&
    one.host === other.host &&
    one.port === other.port &&
    one.privateAddress === other.privateAddress &&
    one.address === other.address &&
    one.injection === other.injection &&
    one.toolInjection === other.toolInjection
  );
}

function samePrincipal(one: Principal, other: Principal): boolean {
  return (
    one.tenant === other.tenant &&
    one.user === other.user &&
    one.key === other.key &&
    one.agent === other.agent
  );
}

type ComparedFacts =
  | "operation"
  | "effect"
  | "repeat"
  | "tool"
  | "toolDigest"
  | "model"
  | "host"
  | "port"
  | "privateAddress"
  | "address"
  | "injection"
  | "toolInjection";

/** Does not compile where a fact or a principal has a field that is not compared above. */
[] as Exclude<keyof CallFacts, ComparedFacts | "args">[] satisfies never[];
[] as Exclude<keyof Principal, "tenant" | "user" | "key" | "agent">[] satisfies never[];
