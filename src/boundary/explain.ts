import { type Compiled, operationClassOf } from "./compiled.ts";
import type { ExplainOptions, Explanation } from "./connector.ts";
import type { BoundaryCode } from "./errors.ts";
import type { BudgetLeft } from "./ports.ts";
import type { Spend } from "./types.ts";

/** Looks at every step of the chain. Nothing is called, asked, reserved or written. */
export function explainCall<I, O, C>(
  compiled: Compiled<I, O, C>,
  input: I,
  options: ExplainOptions,
): Explanation {
  const { spec, parts } = compiled;
  const { principal } = options;
  const facts = spec.facts(input);
  const nowMs = parts.clock.monotonic();
  const decision = (options.policy ?? parts.policy()).decide(facts, spec.id, principal);
  const operationClass = operationClassOf(spec, facts, options.streams === true);
  const key = compiled.breakers.keyOf(facts.host, facts.port, operationClass);
  const breaker = parts.breakers.find(key);
  const waitMs = breaker?.waitMs(nowMs) ?? 0;
  const { places, rateWaitMs } = compiled.shared.left(principal.tenant, nowMs);
  const estimate = spec.estimate?.(input) ?? {};
  const budgets = (options.budgets ?? []).map((budget) => ({
    budget,
    left: parts.budgets.left?.(budget),
  }));
  // In the order of the chain.
  const stops: readonly (readonly [stops: boolean, code: BoundaryCode])[] = [
    [decision.effect === "deny", "policy_denied"],
    [decision.effect === "ask", "approval_required"],
    [waitMs > 0, "circuit_open"],
    [rateWaitMs > 0, "rate_limited"],
    [places === 0, "bulkhead_full"],
    // A ledger that does not tell stops nothing here.
    [
      parts.budgets.left !== undefined && budgets.some(({ left }) => !fits(estimate, left)),
      "budget_exceeded",
    ],
  ];
  return {
    stoppedBy: stops.find(([holds]) => holds)?.[1],
    decision,
    breaker: { key, waitMs, seen: breaker?.snapshot(nowMs) },
    limits: { placesLeft: places, rateWaitMs, retriesLeft: compiled.retryBudget.left },
    estimate,
    budgets,
  };
}

/** Whether a call with this upper bound could be set aside. What is absent is unlimited. */
function fits({ tokens = 0, costMicroUsd = 0 }: Spend, left: BudgetLeft | undefined): boolean {
  if (left === undefined) return false;
  const { calls = 1, milliseconds = 1 } = left;
  const enough =
    tokens <= (left.tokens ?? tokens) && costMicroUsd <= (left.costMicroUsd ?? costMicroUsd);
  return enough && calls >= 1 && milliseconds > 0;
}
