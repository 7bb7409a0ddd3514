import { isAgent33Error, messageOf } from "../base/errors.ts";
import { BoundaryError } from "./errors.ts";
import type { ApprovalState } from "./ports.ts";
import type { Decision } from "./types.ts";

/** Why a call is not sent whatever a person says, or undefined. */
export function refusalOf(decision: Decision, name: string): BoundaryError | undefined {
  const { effect, ruleId, dryRun } = decision;
  if (effect === "deny") {
    return new BoundaryError("policy_denied", `${name} is denied by ${ruleId}.${whyOf(decision)}`, {
      ruleId,
      hint: "Choose another way, or ask whoever owns the policy to change the rule.",
    });
  }
  if (dryRun === undefined) return undefined;
  return new BoundaryError("dry_run", `${name} was not sent: ${dryRun} is in dry-run.`, {
    ruleId: dryRun,
    hint: "Nothing was done. To have such calls made, set the mode of the rule or its pack to enforce.",
  });
}

/** Why a call that a person is asked about is not sent. */
export function unapproved(
  decision: Decision,
  approvalId: string,
  state: ApprovalState,
  name: string,
  question: string,
): BoundaryError {
  const refusal = { ruleId: decision.ruleId, approvalId };
  if (state === "denied") {
    return new BoundaryError("approval_denied", `A person denied ${name}.`, refusal);
  }
  const message = `${question} needs a person's approval.${whyOf(decision)}`;
  return new BoundaryError("approval_required", message, {
    ...refusal,
    hint: `Run \`agent33 approvals approve ${approvalId}\`, then resume the run.`,
  });
}

/** What happened to a call could not be written down. */
export function unrecorded(thrown: unknown, name: string): BoundaryError {
  return new BoundaryError("internal", `${name} could not be recorded: ${messageOf(thrown)}`, {
    cause: thrown,
    ...(isAgent33Error(thrown) && thrown.hint !== undefined ? { hint: thrown.hint } : {}),
  });
}

function whyOf({ reason }: Decision): string {
  return reason === undefined ? "" : ` ${reason}`;
}
