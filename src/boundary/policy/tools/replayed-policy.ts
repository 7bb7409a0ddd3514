import { err, ok, type Result } from "../../../base/result.ts";
import type { CallFacts, Decision } from "../../types.ts";
import type { CompiledPolicy } from "../policy.ts";
import type { CallLog, RecordedCall, Unreplayable } from "./recorded-call.ts";
import { createReplayedSession, hasSession, type WouldCount } from "./replayed-session.ts";

/** Where a request of a call went, once that was known. */
interface Place {
  readonly address: string;
  readonly port: number;
}

/** The facts as they were asked about: of the call as written, or of a place that it went to. */
export type FactsAt = (place?: Place) => CallFacts;

/** What is compared of a decision. */
export type Said = Pick<Decision, "effect" | "ruleId" | "dryRun">;

/** What a policy says about a recorded call, and what it was made of. */
export interface Replayed {
  readonly first: Decision;
  readonly said: Result<Said, Unreplayable>;
  /** Whether tokens or cost were weighed by what was used, in place of the upper bound beforehand. */
  readonly byUse: boolean;
}

/** One policy as it goes through recorded calls, in order of time where earlier calls matter. */
export interface ReplayedPolicy {
  readonly version: string;
  decide(call: RecordedCall, factsAt: FactsAt): Replayed;
  /**
   * Counts the call for the decisions about later ones.
   * @param said what the policy said; undefined where it is not known
   */
  count(call: RecordedCall, log: CallLog, first: Decision, said: Said | undefined): void;
  /** Counts a call whose arguments the policy looks at and that are not there. */
  doubt(call: RecordedCall, first: Decision): void;
}

export function createReplayedPolicy(policy: CompiledPolicy): ReplayedPolicy {
  const session = hasSession(policy) ? createReplayedSession(policy) : undefined;
  return {
    version: policy.version,
    decide: (call, factsAt) => {
      const first = policy.decide(factsAt(), call.connector, call.principal);
      const weighed = session?.weigh(first, call) ?? { low: first, high: first, byUse: false };
      const { byUse } = weighed;
      const low = atPlaces(policy, call, first, weighed.low, factsAt);
      if (weighed.doubt === undefined) return { first, said: ok(low), byUse };
      const high = atPlaces(policy, call, first, weighed.high, factsAt);
      return { first, said: isSame(low, high) ? ok(low) : err(weighed.doubt), byUse };
    },
    count: (call, log, first, said) => {
      const succeeded = () => didSucceed(call, log);
      session?.count(call, first, wouldCount(call, said), succeeded);
    },
    doubt: (call, first) => session?.doubt(call, first),
  };
}

function isSame(one: Said, other: Said): boolean {
  return one.effect === other.effect && one.ruleId === other.ruleId && one.dryRun === other.dryRun;
}

/**
 * The decision about a call once it is asked, as before anything is sent, about each address that
 * it really went to.
 */
function atPlaces(
  policy: CompiledPolicy,
  { connector, principal, connectedTo, host }: RecordedCall,
  first: Decision,
  said: Said,
  factsAt: FactsAt,
): Said {
  if (said.effect === "deny" || said.dryRun !== undefined || host === undefined) return said;
  for (const place of connectedTo) {
    const colon = place.lastIndexOf(":");
    const address = place.slice(0, colon).replace(/^\[|\]$/g, "");
    const port = Number(place.slice(colon + 1));
    const again = policy.decide(factsAt({ address, port }), connector, principal);
    const uncounted = again.session?.find(
      ({ ruleId, mode }) =>
        mode !== "shadow" && !first.session?.some((rule) => rule.ruleId === ruleId),
    );
    if (uncounted !== undefined) return { effect: "deny", ruleId: uncounted.ruleId };
    const asked = again.effect === "ask" && again.ruleId === said.ruleId;
    if ((again.effect !== "allow" && !asked) || again.dryRun !== undefined) {
      return { effect: "deny", ruleId: again.dryRun ?? again.ruleId };
    }
  }
  return said;
}

/** Outcomes of calls that only the policy of then kept from being made. */
const refusedByPolicy: ReadonlySet<string> = new Set(
  ["policy_denied", "dry_run", "approval_required", "approval_denied", "approval_expired"].map(
    (code) => `boundary.${code}`,
  ),
);

/** Whether the other side can have seen the call; nobody knows of one whose process died. */
function wasSent({ spend, outcome }: RecordedCall): boolean {
  return spend !== undefined || outcome === "open";
}

/**
 * Whether the call counts under a policy that says this: where it was made, or was kept back then
 * by policy alone. What a person is asked about counts where it was made.
 */
function wouldCount(call: RecordedCall, said: Said | undefined): WouldCount {
  const sent = wasSent(call);
  const refused = !sent && refusedByPolicy.has(call.outcome);
  if (!sent && !refused) return "no";
  if (said === undefined) return "maybe";
  if (said.effect === "deny" || said.dryRun !== undefined) return "no";
  return sent || said.effect === "allow" ? "yes" : "no";
}

/** Whether the call did what it was for; undefined where nobody knows. */
function didSucceed(call: RecordedCall, log: CallLog): boolean | undefined {
  if (call.outcome === "open" || refusedByPolicy.has(call.outcome)) return undefined;
  if (call.outcome !== "ok") return false;
  // Only a tool has answers that say that it failed.
  return call.tool === undefined ? true : log.succeeded();
}
