import { attempt } from "../base/result.ts";
import { type AnswerSoFar, findAnswer } from "./ask.ts";
import { withoutSession } from "./call-session.ts";
import { type Compiled, operationClassOf } from "./compiled.ts";
import type { ExplainOptions, Explanation } from "./connector.ts";
import type { BoundaryCode } from "./errors.ts";
import { approvalDigestOf, questionOf } from "./identity.ts";
import type { BudgetLeft } from "./ports.ts";
import { lookAtSession } from "./session-look.ts";
import type { CallFacts, Decision, Spend } from "./types.ts";

/** Looks at every step of the chain. Nothing is called, asked, held, reserved or written. */
export function explainCall<I, O, C>(
  compiled: Compiled<I, O, C>,
  input: I,
  options: ExplainOptions,
): Explanation {
  const { spec, parts } = compiled;
  const { principal } = options;
  const facts = spec.facts(input);
  const nowMs = parts.clock.monotonic();
  const policy = options.policy ?? parts.policy();
  const records = parts.records(principal.tenant);
  const estimate = spec.estimate?.(input) ?? {};
  const { weighed, decision, session } = lookAtSession(
    policy.decide(facts, spec.id, principal),
    records.limitUses,
    options,
    { at: Math.round(parts.clock.now()), estimate: () => estimate },
  );
  const approval =
    asksSomebody(weighed) || asksSomebody(decision)
      ? findAnswer(records.approvals, approvalDigestOf(spec.id, facts, options, policy.version))
      : undefined;
  const refusedBy = (said: Decision): BoundaryCode | undefined =>
    refusalCode(said, facts, approval);

  const operationClass = operationClassOf(spec, facts, options.streams === true);
  const key = compiled.breakers.keyOf(facts.host, facts.port, operationClass);
  const breaker = parts.breakers.find(key);
  const waitMs = breaker?.waitMs(nowMs) ?? 0;
  const { places, rateWaitMs } = compiled.shared.left(principal.tenant, nowMs);
  const budgets = (options.budgets ?? []).map((budget) => ({
    budget,
    left: parts.budgets.left?.(budget),
  }));
  const milliseconds = Math.min(compiled.totalMs, options.totalMs ?? compiled.totalMs);
  const standing = parts.standing?.look(principal, { ...estimate, milliseconds }) ?? [];
  // In the order of the chain.
  const stops: readonly (BoundaryCode | false | undefined)[] = [
    refusedBy(weighed),
    waitMs > 0 && "circuit_open",
    rateWaitMs > 0 && "rate_limited",
    places === 0 && "bulkhead_full",
    refusedBy(decision),
    // A ledger that does not tell stops nothing here.
    parts.budgets.left !== undefined &&
      budgets.some(({ left }) => !fits(estimate, left)) &&
      "budget_exceeded",
    standing.some((budget) => !budget.fits) && "budget_exceeded",
  ];
  return {
    stoppedBy: stops.find((code) => code !== false && code !== undefined) || undefined,
    decision: withoutSession(decision),
    session,
    ...(approval === undefined ? {} : { approval }),
    breaker: { key, waitMs, seen: breaker?.snapshot(nowMs) },
    limits: { placesLeft: places, rateWaitMs, retriesLeft: compiled.retryBudget.left },
    estimate,
    budgets,
    standing,
  };
}

function asksSomebody({ effect, dryRun }: Decision): boolean {
  return effect === "ask" && dryRun === undefined;
}

/** What a call that is decided about like this ends with; undefined where it goes on. */
function refusalCode(
  decision: Decision,
  { args }: CallFacts,
  answer: AnswerSoFar | undefined,
): BoundaryCode | undefined {
  if (decision.effect === "deny") return "policy_denied";
  if (decision.dryRun !== undefined) return "dry_run";
  if (decision.effect === "allow" || answer === undefined) return undefined;
  if (!attempt(() => questionOf("", args, decision.ruleId)).ok) return "approval_denied";
  if (answer.state === "approved") return undefined;
  return answer.state === "denied" ? "approval_denied" : "approval_required";
}

/** Whether a call with this upper bound could be set aside. What is absent is unlimited. */
function fits({ tokens = 0, costMicroUsd = 0 }: Spend, left: BudgetLeft | undefined): boolean {
  if (left === undefined) return false;
  const { calls = 1, milliseconds = 1 } = left;
  const enough =
    tokens <= (left.tokens ?? tokens) && costMicroUsd <= (left.costMicroUsd ?? costMicroUsd);
  return enough && calls >= 1 && milliseconds > 0;
}
