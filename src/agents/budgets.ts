import { forWork, type RunLimits } from "./limits.ts";
import type { Scope } from "./scope.ts";

/** The names of the two budgets that each agent of a run has. */
export interface AgentBudgets {
  /** All that its limits allow. Every call is charged to it. */
  readonly all: string;
  /** The part that is for work: the rest is kept for the closing turn. */
  readonly work: string;
}

/** The budgets of a run, or of one of its agents. */
export function budgetsOf(runId: string, { agentPath }: Scope = {}): AgentBudgets {
  const all = agentPath === undefined ? `run:${runId}` : `run:${runId}/${agentPath}`;
  return { all, work: `${all}/work` };
}

/** How much the limits leave to each of them. */
export function budgetLimits({ maxCostMicroUsd, maxTokens }: RunLimits) {
  return {
    all: { costMicroUsd: maxCostMicroUsd, tokens: maxTokens },
    work: { costMicroUsd: forWork(maxCostMicroUsd), tokens: forWork(maxTokens) },
  };
}
