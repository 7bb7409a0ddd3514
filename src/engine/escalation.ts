import { agentReference } from "../agents/definition.ts";
import { usedTokens } from "../agents/limits.ts";
import type { EndingWords, RunEnding } from "../agents/ports.ts";
import { enoughRuns, estimateRun } from "../agents/routing/estimate.ts";
import { eventsOfAgent } from "../agents/scope.ts";
import type { EscalationReason } from "../agents/routing/settings.ts";
import type { StandingLedger } from "../boundary/standing-budgets.ts";
import type { AttemptSummary, EventOf, NewEvent, StoredEvent } from "../events/event.ts";
import { leftBehind } from "./clean-workspace.ts";
import type { Host } from "./host.ts";
import { runFiles } from "./run-files.ts";
import { type EscalationSpec, parseRunSpec, type RunSpec, type TierSpec } from "./run-spec.ts";
import type { EngineStore } from "./tenant-store.ts";
import { type WritingParts, writeDown } from "./write-run.ts";

export interface EscalationParts extends WritingParts {
  readonly store: EngineStore;
  readonly host: Host;
  readonly dataDir: string;
  readonly standing: StandingLedger | undefined;
  /** Writes the journal of a run, so that it is begun. @param last the last event of its log */
  readonly start: (runId: string, last: number, leaveMs: number) => void;
}

/** What becomes of an attempt that failed. */
export interface Escalation {
  /** Decides, in the transaction that ends the run. */
  ending(runId: string, end: RunEnding): EndingWords;
  /** Writes the next attempt down, where it was decided that there is one. In that transaction. */
  begin(runId: string): void;
}

type Decided = Extract<NewEvent, { type: "escalation.decided" }>;

/** Attempts of one tier after the other, each a run of its own, linked by the log. */
export function createEscalation(parts: EscalationParts): Escalation {
  const { store, host, dataDir } = parts;

  const specOf = (runId: string): RunSpec => parseRunSpec(runId, store.runs.get(runId)?.spec);

  const summaryOf = (runId: string, spec: RunSpec, end: RunEnding): AttemptSummary => ({
    runId,
    effort: spec.effort.effort,
    model: spec.model,
    outcome: end.outcome,
    tokens: usedTokens(end.totals),
    costMicroUsd: end.totals.costMicroUsd,
    unpricedCalls: end.totals.unpricedCalls,
    durationMs: end.totals.durationMs,
    keptWorkspace: null,
  });

  const decide = (runId: string, spec: RunSpec, end: RunEnding): Decided | undefined => {
    const { escalation } = spec;
    if (escalation === undefined || spec.replayOf !== undefined) return undefined;
    const from = spec.effort.effort;
    const own = eventsOfAgent(store.runLog.read(runId), {});
    const why = failedBy(own, end, escalation);
    if (why === undefined) return undefined;
    const not = (reason: string, weighed: Partial<Decided> = {}): Decided => ({
      type: "escalation.decided",
      escalates: false,
      reason,
      from,
      to: null,
      needs: null,
      left: null,
      ...weighed,
    });
    if ("not" in why) return not(why.not);
    const [tier] = escalation.ladder;
    if (tier === undefined) return not(`There is no tier above ${from}.`);
    if (end.outside !== undefined) {
      return not(
        `${end.outside} may have changed something outside of the workspace, which would be done twice.`,
      );
    }
    const left = leftOf(escalation, [...escalation.earlier, summaryOf(runId, spec, end)]);
    const needs = needsOf(spec, tier, escalation);
    const weighed = { needs, left: { tokens: left.tokens, costMicroUsd: left.costMicroUsd } };
    const short = shortOf(needs, left, escalation) ?? overStanding(parts, spec, needs);
    if (short !== undefined) return not(short, weighed);
    const to = { runId: host.ids(), effort: tier.effort.effort, model: tier.model };
    return { ...not(why.reason, weighed), escalates: true, to };
  };

  const needsOf = (spec: RunSpec, tier: TierSpec, { reserve, limits }: EscalationSpec) => {
    const { agent } = spec;
    const of = {
      agent: agentReference(agent),
      effort: tier.effort.effort,
      model: tier.model,
    };
    const history = store.runs.uses(of, mostRuns);
    const reserved = {
      tokens: Math.ceil(limits.maxTokens * reserve),
      costMicroUsd: Math.ceil(limits.maxCostMicroUsd * reserve),
    };
    if (history.length < enoughRuns) return { ...reserved, basis: "reserve" as const };
    const known = estimateRun(history, noQuestion, () => undefined);
    return {
      tokens: known.tokens.p90,
      costMicroUsd: known.costMicroUsd?.p90 ?? reserved.costMicroUsd,
      basis: "history" as const,
    };
  };

  const begin = (runId: string): void => {
    const log = store.runLog.read(runId);
    const decided = log.findLast((event) => event.type === "escalation.decided");
    const ended = log.findLast((event) => event.type === "run.finished");
    if (decided?.type !== "escalation.decided" || decided.to === null) return;
    if (ended?.type !== "run.finished") return;
    const spec = specOf(runId);
    const { escalation } = spec;
    const [tier, ...ladder] = escalation?.ladder ?? [];
    if (escalation === undefined || tier === undefined) return;
    const kept = spec.workspace === null ? null : leftBehind(runFiles(dataDir, runId));
    const failed: AttemptSummary = {
      ...summaryOf(runId, spec, { ...ended, outside: undefined }),
      keptWorkspace: kept,
    };
    const earlier = [...escalation.earlier, failed];
    const next: RunSpec = {
      ...spec,
      model: tier.model,
      baseUrl: tier.baseUrl,
      effort: tier.effort,
      limits: nextLimits(escalation, earlier, tier),
      escalation: { ...escalation, ladder, earlier },
      ...(spec.routing === undefined
        ? {}
        : { routing: { ...spec.routing, note: noteOf(spec.routing, tier, decided, failed) } }),
    };
    const begun = {
      id: decided.to.runId,
      title: store.runs.get(runId)?.task ?? "",
      spec: next,
      notices: noticesOf(earlier.length + 1, failed, decided),
      ...beginningOf(log),
    };
    writeDown(begun, parts, (last) => parts.start(begun.id, last, escalation.leaveMs));
  };

  return {
    begin,
    ending: (runId, end) => {
      const spec = specOf(runId);
      const decided = decide(runId, spec, end);
      const events = decided === undefined ? [] : [decided];
      const earlier = spec.escalation?.earlier ?? [];
      if (earlier.length === 0) return { events };
      const each = [...earlier, summaryOf(runId, spec, end)];
      return {
        events,
        attempts: {
          each,
          costMicroUsd: sum(each, "costMicroUsd"),
          unpricedCalls: sum(each, "unpricedCalls"),
        },
      };
    },
  };
}

/** The run that goes on with what a run was for: the last of its attempts. */
export function lastAttempt({ runLog }: Pick<EngineStore, "runLog">, runId: string): string {
  for (let id = runId; ; ) {
    const next = nextAttempt(runLog.read(id));
    if (next === undefined) return id;
    id = next;
  }
}

/** The attempt after the run of a log. */
export function nextAttempt(log: readonly StoredEvent[]): string | undefined {
  const decided = log.findLast((event) => event.type === "escalation.decided");
  return decided?.type === "escalation.decided" ? decided.to?.runId : undefined;
}

const mostRuns = 100;
/** A history answers for itself. */
const noQuestion = { effort: "low", mode: "iterative", characters: 0, maxOutputTokens: 0 } as const;

type Needs = NonNullable<EventOf<"escalation.decided">["needs"]>;
type Left = { readonly tokens: number; readonly costMicroUsd: number; readonly ms: number };

/** Why an attempt failed, as far as another may mend it; `not` where it may not. */
function failedBy(
  log: readonly StoredEvent[],
  { outcome, stop }: RunEnding,
  { on, hiddenTests }: EscalationSpec,
): { readonly reason: string } | { readonly not: string } | undefined {
  const kind: EscalationReason | undefined =
    stop.reason === "stuck"
      ? "stuck"
      : outcome === "refuted" && stop.reason === "done"
        ? "refuted"
        : undefined;
  if (kind === undefined || outcome === "verified" || outcome === "cancelled") return undefined;
  if (!on.includes(kind)) return { not: `The settings do not escalate what is ${kind}.` };
  if (kind === "stuck") return { reason: "The attempt went in circles." };
  const check = log.findLast((event) => event.type === "check.completed");
  const seen = check?.type === "check.completed" && !check.passed && check.error === undefined;
  if (seen) return { reason: "A check refuted the attempt." };
  if (hiddenTests) return { reason: "Hidden tests refuted the attempt." };
  return { not: "Only hidden tests refuted the attempt, and they are no part of the work." };
}

function leftOf({ limits }: EscalationSpec, attempts: readonly AttemptSummary[]): Left {
  return {
    tokens: limits.maxTokens - sum(attempts, "tokens"),
    costMicroUsd: limits.maxCostMicroUsd - sum(attempts, "costMicroUsd"),
    ms: limits.maxSeconds * 1_000 - sum(attempts, "durationMs"),
  };
}

function shortOf(needs: Needs, left: Left, { reserve, limits }: EscalationSpec) {
  const basis = needs.basis === "history" ? "nine of ten earlier runs" : "the reserve";
  if (left.costMicroUsd < Math.max(1, needs.costMicroUsd)) {
    return `The run's money is short: ${left.costMicroUsd} micro-USD left, ${needs.costMicroUsd} needed by ${basis}.`;
  }
  if (left.tokens < Math.max(1, needs.tokens)) {
    return `The run's tokens are short: ${left.tokens} left, ${needs.tokens} needed by ${basis}.`;
  }
  const neededMs = limits.maxSeconds * 1_000 * reserve;
  if (left.ms < Math.max(1_000, neededMs)) {
    return `The run's time is short: ${Math.floor(left.ms / 1_000)} s left, ${Math.ceil(neededMs / 1_000)} s needed by the reserve.`;
  }
  return undefined;
}

/** A standing budget in which what is needed, over many calls, does not fit. */
function overStanding({ standing }: EscalationParts, { principal }: RunSpec, needs: Needs) {
  const { tokens, costMicroUsd } = needs;
  const full = standing
    ?.look(principal, { tokens, costMicroUsd })
    .find(({ fits, perCall }) => !fits && perCall !== true);
  return full === undefined ? undefined : `Budget ${full.budget} has too little left.`;
}

function nextLimits(
  escalation: EscalationSpec,
  earlier: readonly AttemptSummary[],
  { maxTokens = Number.POSITIVE_INFINITY }: TierSpec,
): RunSpec["limits"] {
  const left = leftOf(escalation, earlier);
  return {
    ...escalation.limits,
    maxTokens: Math.min(left.tokens, maxTokens),
    maxCostMicroUsd: left.costMicroUsd,
    maxSeconds: Math.max(1, Math.ceil(left.ms / 1_000)),
  };
}

function noteOf(
  { note }: NonNullable<RunSpec["routing"]>,
  tier: TierSpec,
  { reason }: EventOf<"escalation.decided">,
  failed: AttemptSummary,
) {
  return {
    ...note,
    reasons: [`attempt ${failed.runId} with effort ${failed.effort} failed: ${reason}`],
    confidence: null,
    modelSource: tier.modelSource,
    estimate: tier.estimate,
  };
}

function noticesOf(
  number: number,
  { runId, keptWorkspace }: AttemptSummary,
  { reason }: EventOf<"escalation.decided">,
): readonly string[] {
  return [
    `Attempt ${number}, from the beginning. ${reason} See run ${runId}.`,
    ...(keptWorkspace === null ? [] : [`What that attempt left is kept in ${keptWorkspace}`]),
  ];
}

/** What the first attempt was told and given, before anything was done. */
function beginningOf(log: readonly StoredEvent[]) {
  const opened = log.findIndex((event) => event.type === "session.opened");
  const before = opened === -1 ? log : log.slice(0, opened);
  const messages = before.flatMap((event) => (event.type === "message.user" ? [event.text] : []));
  const started = log.find((event) => event.type === "run.started");
  const inputs = started?.type === "run.started" ? started.inputs : undefined;
  return { messages, ...(inputs === undefined ? {} : { inputs }) };
}

function sum(
  attempts: readonly AttemptSummary[],
  field: "tokens" | "costMicroUsd" | "unpricedCalls" | "durationMs",
): number {
  return attempts.reduce((total, attempt) => total + attempt[field], 0);
}
