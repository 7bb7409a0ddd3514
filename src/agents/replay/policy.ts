import type { Decision, PolicyDecider, SessionRule } from "../../boundary/types.ts";

/** Rules that speak for a replay. */
export const replayRules = {
  /** A call that stays in the scratch copy, or that a person approved when it was first made. */
  trusted: "replay/asked-then",
  /** A call that leaves the scratch copy, made anew. */
  live: "replay/live",
  /** A call that somebody would have to be asked about. */
  unasked: "replay/not-asked",
};

/** What a replay makes of questions. */
export interface ReplayQuestions {
  /** Whether the call stays in the scratch copy, or a person approved it in the run. */
  readonly trusted: boolean;
  /** Whether the call leaves the scratch copy, so that a person is asked whatever the policy says. */
  readonly outside: boolean;
  /** Whether people may be asked. */
  readonly live: boolean;
}

/**
 * A run's policy as it decides in a replay of the run. What it denies stays denied. Nobody is asked
 * about what cannot do harm or was approved before; nobody is asked at all unless the replay is
 * live; and then about each call that leaves the scratch copy.
 */
export function replayPolicy(policy: PolicyDecider, questions: ReplayQuestions): PolicyDecider {
  return {
    version: policy.version,
    decide: (facts, connector, principal) => {
      const decision = policy.decide(facts, connector, principal);
      if (decision.effect === "deny") return decision;
      const settled = withSession(decision, questions);
      if (decision.effect === "ask" && !questions.outside) return answered(settled, questions);
      if (!questions.outside) return settled;
      return ruled(settled, "ask", replayRules.live, "A replay makes this call anew.");
    },
  };
}

function answered(decision: Decision, { trusted, live }: ReplayQuestions): Decision {
  if (trusted) {
    return ruled(
      decision,
      "allow",
      replayRules.trusted,
      "A replay in a scratch copy does not ask.",
    );
  }
  if (live) return decision;
  return ruled(decision, "deny", replayRules.unasked, "A replay asks nobody unless it is live.");
}

/** Rules that depend on earlier calls ask as the others do. */
function withSession(decision: Decision, { trusted, live }: ReplayQuestions): Decision {
  if (decision.session === undefined) return decision;
  const session = decision.session.flatMap((rule): readonly SessionRule[] => {
    if (rule.effect !== "ask") return [rule];
    if (trusted) return [];
    return [live ? rule : { ...rule, effect: "deny", ruleId: replayRules.unasked }];
  });
  return { ...decision, session };
}

function ruled(
  decision: Decision,
  effect: Decision["effect"],
  ruleId: string,
  reason: string,
): Decision {
  return { ...decision, effect, ruleId, reason, matched: [...decision.matched, ruleId] };
}
