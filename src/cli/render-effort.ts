import { formatMicroUsd } from "../base/money.ts";
import type { EventOf, RunEstimate } from "../events/event.ts";
import { oneLine, type Output } from "./output.ts";

const count = (value: number): string => value.toLocaleString("en-US");

/** How the tier was chosen and what the run may use; nothing where routing is off. */
export function routingLines({
  routing,
  effort,
  effortSource,
}: EventOf<"run.started">): readonly string[] {
  if (routing?.enabled !== true) return [];
  const { reasons, confidence, domain, modelSource, estimate } = routing;
  const sure = confidence === null ? "" : ` · confidence ${confidence}`;
  const about = domain === null ? "" : ` · domain ${domain}`;
  const chosen = `routed to ${effort} by ${effortSource.replaceAll("_", " and ")}: ${reasons.join("; ")}${sure}${about} · model by ${modelSource}`;
  return estimate === undefined ? [chosen] : [chosen, estimateText(estimate)];
}

function estimateText({ tokens, costMicroUsd, basis, runs }: RunEstimate): string {
  const of = (share: "p50" | "p90"): string =>
    `${count(tokens[share])} tokens, ${costMicroUsd === null ? "unpriced" : formatMicroUsd(costMicroUsd[share])}`;
  const known = basis === "history" ? `${runs} earlier runs` : "assumed, too few earlier runs";
  return `half of such runs use ${of("p50")}; nine of ten ${of("p90")} (${known})`;
}

/** Whether a failed attempt is made again, and why. */
export function renderEscalation(
  { out, style }: Output,
  event: EventOf<"escalation.decided">,
): void {
  const { to, reason, needs, left } = event;
  const weighed =
    needs === null || left === null
      ? ""
      : ` · needs ${formatMicroUsd(needs.costMicroUsd)} and ${count(needs.tokens)} tokens (${needs.basis}), left ${formatMicroUsd(left.costMicroUsd)} and ${count(left.tokens)}`;
  const what =
    to === null
      ? style.yellow("not escalated")
      : `${style.yellow("↑ escalated")} to ${to.effort} with ${to.model}, run ${to.runId}`;
  out(`\n${what}  ${reason}${style.dim(weighed)}`);
}

/** What each attempt came to and cost, and all together. */
export function renderAttempts(
  { out, style }: Output,
  { attempts }: EventOf<"run.finished">,
): void {
  if (attempts === undefined) return;
  const money = (cost: number, unpriced: number): string =>
    `${formatMicroUsd(cost)}${unpriced === 0 ? "" : ` and ${unpriced} unpriced calls`}`;
  for (const [index, one] of attempts.each.entries()) {
    const kept = one.keptWorkspace === null ? "" : ` · its workspace is in ${one.keptWorkspace}`;
    out(
      style.dim(
        `  attempt ${index + 1}: ${one.outcome}, effort ${one.effort}, ${oneLine(one.model, 60)}, ${count(one.tokens)} tokens, ${money(one.costMicroUsd, one.unpricedCalls)}, run ${one.runId}${kept}`,
      ),
    );
  }
  out(`  all attempts: ${money(attempts.costMicroUsd, attempts.unpricedCalls)}`);
}

/** That a budget has come to a share of one of its limits. */
export function budgetText({
  budget,
  limit,
  percent,
  used,
  allowed,
}: EventOf<"budget.reached">): string {
  const amount = (value: number): string =>
    limit === "costMicroUsd"
      ? formatMicroUsd(value)
      : limit === "milliseconds"
        ? `${count(value / 1_000)} s`
        : `${count(value)} ${limit}`;
  const full = percent === 100 ? ", which is full" : "";
  return `${budget} at ${percent} %${full}: ${amount(used)} of ${amount(allowed)}`;
}
