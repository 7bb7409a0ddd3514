import type { Explanation, PolicyAnswer } from "../../../engine.ts";

/** What would become of a call now: what stops it first, and all that was looked at. */
export function callText({ call, runId }: PolicyAnswer, data: string): string {
  if (call === undefined) return `No call has been counted yet: there is no store in ${data}.`;
  const { stoppedBy, decision, session, approval, breaker, standing } = call;
  const where = runId === undefined ? "outside of any run" : `in run ${runId}`;
  const by = stoppedBy === "dry_run" ? decision.dryRun : decision.ruleId;
  const named = policyStops.has(stoppedBy ?? "") ? ` by ${by}` : "";
  const head =
    stoppedBy === undefined ? "would be sent" : `stopped by boundary.${stoppedBy}${named}`;
  return [
    `Now, ${where}: ${head}`,
    ...session.map(sessionLine),
    ...(approval === undefined ? [] : [`  approval: ${approvalWords(approval)}`]),
    `  circuit breaker ${breaker.key}: ${breakerWords(breaker)}`,
    ...standing.map(
      ({ budget, left, fits }) =>
        `  budget ${budget}: ${fits ? "the call fits" : "the call does not fit"}, ${leftWords(left)}`,
    ),
  ].join("\n");
}

const policyStops: ReadonlySet<string> = new Set(["policy_denied", "dry_run", "approval_required"]);

function sessionLine({
  ruleId,
  effect,
  mode,
  holds,
  limit,
}: Explanation["session"][number]): string {
  const marked = mode === "enforce" ? ruleId : `${ruleId} [${mode}]`;
  const verdict = holds ? "holds" : "does not hold";
  if (limit === undefined) {
    const why = holds
      ? "no call that it waits for has succeeded"
      : "a call that it waits for has succeeded";
    return `  ${effect} ${marked}: ${verdict}, ${why}`;
  }
  const { used, adds, most, per, quantity } = limit;
  const of = quantity === "calls" ? " calls" : "";
  return `  ${effect} ${marked}: ${verdict}, ${used} of ${most}${of} used per ${per}, this one adds ${adds}`;
}

function approvalWords({ id, state }: NonNullable<Explanation["approval"]>): string {
  return id === undefined
    ? "nobody has been asked about this call with these arguments and this tool digest"
    : `${id} is ${state}`;
}

function breakerWords({ seen, waitMs }: Explanation["breaker"]): string {
  if (seen === undefined) return "no call has come this way";
  return waitMs > 0 ? `${seen.state}, for ${Math.ceil(waitMs / 1_000)} s more` : seen.state;
}

function leftWords(left: Explanation["standing"][number]["left"]): string {
  return `left: ${Object.entries(left)
    .map(([quantity, amount]) => `${amount} ${quantity}`)
    .join(", ")}`;
}
