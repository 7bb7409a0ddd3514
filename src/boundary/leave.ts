import type { Principal } from "../base/principal.ts";
import { networkOf } from "./egress/address.ts";
import { BoundaryError } from "./errors.ts";
import type { EgressLeave, EgressTarget } from "./hands.ts";
import { canonicalHost } from "./policy/host.ts";
import type { CallFacts, Decision, PolicyDecider, ShadowEffect } from "./types.ts";

/** Places that are kept of one call; a call that goes to more is recorded with the first ones. */
const mostPlaces = 16;

/** What a leave is given for. */
export interface LeaveFor {
  readonly policy: PolicyDecider;
  /** What was said about the call with its host as written; not a denial. */
  readonly decision: Decision;
  readonly facts: CallFacts;
  readonly connector: string;
  readonly principal: Principal;
  /** The call in words, for messages. */
  readonly name: string;
}

/**
 * One call's leave to go out: the policy that allowed the call, asked again about each place that
 * its requests are to go to. It was asked about the host as written; what that resolves to, and
 * other hosts that come up on the way, it has not seen yet.
 */
export class CallLeave implements EgressLeave {
  readonly #for: LeaveFor;
  readonly #ownHost: string | undefined;
  readonly #connectedTo: string[] = [];
  readonly #shadow: ShadowEffect[] = [];

  constructor(given: LeaveFor) {
    const { host } = given.facts;
    this.#for = given;
    this.#ownHost = host === undefined ? undefined : canonicalHost(host);
  }

  /** Where requests of the call went out to so far, as `address:port`, each once. */
  get connectedTo(): readonly string[] {
    return this.#connectedTo;
  }

  check(target: EgressTarget): void {
    const { policy, decision, facts, connector, principal } = this.#for;
    const { host, port, address } = target;
    const own =
      this.#ownHost === canonicalHost(host) && (facts.port === undefined || facts.port === port);
    // What has been decided already: this very host, before it is resolved or needing no resolving.
    if (own && (address === undefined || (address === this.#ownHost && facts.port === port)))
      return;
    const there = { ...(own ? facts : foreignFacts(facts, host)), port };
    const again = policy.decide(
      address === undefined ? there : { ...there, address },
      connector,
      principal,
    );
    for (const seen of again.shadow ?? []) {
      if (!this.#shadow.some(({ ruleId }) => ruleId === seen.ruleId)) this.#shadow.push(seen);
    }
    // Nothing was counted for a rule that this place alone brings in, so it cannot be kept.
    const uncounted = again.session?.find(
      ({ ruleId, mode }) =>
        mode !== "shadow" && !decision.session?.some((rule) => rule.ruleId === ruleId),
    );
    if (uncounted !== undefined) throw this.#blocked(target, { ...again, ...uncounted });
    // A person who was asked about this host has said yes to where it leads; not to other hosts.
    const asked = own && again.effect === "ask" && again.ruleId === decision.ruleId;
    if ((again.effect !== "allow" && !asked) || again.dryRun !== undefined)
      throw this.#blocked(target, again);
    // What a public host answers must not become a way into the networks of this machine.
    if (!own && isInside(address ?? host) && !this.#isInsideAnyway()) {
      throw this.#blocked(target, undefined);
    }
  }

  /** The decision with what rules in shadow said about the places that the call led to. */
  withShadow(decision: Decision): Decision {
    const { shadow = [] } = decision;
    const added = this.#shadow.filter(
      (seen) => !shadow.some(({ ruleId }) => ruleId === seen.ruleId),
    );
    return added.length === 0 ? decision : { ...decision, shadow: [...shadow, ...added] };
  }

  sending(address: string, port: number): void {
    const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    if (this.#connectedTo.length >= mostPlaces || this.#connectedTo.includes(place)) return;
    this.#connectedTo.push(place);
  }

  /** Whether the call is off the public internet by its own host, or never said where it goes. */
  #isInsideAnyway(): boolean {
    const own = this.#ownHost;
    return own === undefined || isInside(own) || this.#connectedTo.some(isInsidePlace);
  }

  #blocked({ host, port, address }: EgressTarget, again: Decision | undefined): BoundaryError {
    const { name, facts } = this.#for;
    const at =
      address === undefined || address === canonicalHost(host) ? "" : `, which is ${address}`;
    const why =
      again === undefined
        ? `A call to ${facts.host} is not led to an address off the public internet.`
        : (again.reason ?? "");
    return new BoundaryError(
      "egress_blocked",
      `${name} may not reach ${host}:${port}${at}. ${why}`.trim(),
      {
        // A request before this one may have been answered.
        phase: this.#connectedTo.length === 0 ? "before_send" : "sent",
        ...(again === undefined ? {} : { ruleId: again.ruleId }),
        hint:
          again?.effect === "ask"
            ? "Nobody was asked about this place. Call it by its own address, so that a person can be."
            : "Choose another address, or ask whoever owns the policy to open this one.",
      },
    );
  }
}

function isInsidePlace(place: string): boolean {
  return isInside(place.slice(0, place.lastIndexOf(":")));
}

function isInside(host: string): boolean {
  const network = networkOf(host);
  return network !== undefined && network !== "public";
}

/** The facts of the same call if it went elsewhere. What its connector knew was of its own host. */
function foreignFacts(facts: CallFacts, host: string): CallFacts {
  const { privateAddress: _, ...rest } = facts;
  return { ...rest, host };
}
