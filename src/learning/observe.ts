import type { ErrorData } from "../base/errors.ts";
import { failureClassOf } from "../base/failure-class.ts";
import { insideOf } from "../base/outside.ts";
import type { EventOf, StopReason, StoredEvent } from "../events/event.ts";
import { failureOfRun } from "../events/run-failure.ts";
import type { Severity } from "./severity.ts";
import type { NewSignal, SignalType } from "./signal.ts";
import { cutText } from "./text.ts";

/** What a kind of failure says: its class, and who saw it. */
interface Reading {
  readonly type: SignalType;
  readonly severity: Severity;
  readonly source: string;
}

/** Failures of calls by their code. A code that is not here is a tool's or a model's own failure. */
const readings: Readonly<Record<string, Reading>> = {
  "boundary.policy_denied": { type: "security", severity: "medium", source: "engine:policy" },
  "boundary.approval_denied": { type: "feedback", severity: "medium", source: "engine:approvals" },
  "boundary.approval_expired": { type: "process", severity: "low", source: "engine:approvals" },
  "boundary.budget_exceeded": { type: "process", severity: "medium", source: "engine:budget" },
  "boundary.circuit_open": { type: "incident", severity: "medium", source: "engine:breaker" },
  "boundary.outcome_unknown": { type: "incident", severity: "high", source: "engine:boundary" },
  "boundary.rate_limited": { type: "performance", severity: "low", source: "engine:boundary" },
  "boundary.bulkhead_full": { type: "performance", severity: "low", source: "engine:boundary" },
  "boundary.timeout": { type: "performance", severity: "medium", source: "engine:boundary" },
  "boundary.deadline_exceeded": {
    type: "performance",
    severity: "medium",
    source: "engine:boundary",
  },
  "boundary.upstream_429": { type: "performance", severity: "medium", source: "engine:boundary" },
  "boundary.upstream_5xx": { type: "incident", severity: "medium", source: "engine:boundary" },
  "boundary.transport": { type: "incident", severity: "medium", source: "engine:boundary" },
  "boundary.egress_blocked": { type: "security", severity: "high", source: "engine:boundary" },
  "boundary.internal": { type: "bug", severity: "high", source: "engine:boundary" },
};

/** Words of a log that go into a summary or a detail are cut to what a signal holds. */
const summaryCharacters = 300;
const detailCharacters = 4000;

/** A run, as far as its signals name it. */
export interface ObservedRun {
  readonly id: string;
  readonly task: string;
  readonly agent: string;
  readonly model: string;
}

/**
 * What a stretch of a run's log teaches: failed tools and models, policy's denials, budgets and
 * limits that ended it, checks and hidden tests that it did not pass. Each has the key
 * `run:<id>:<seq>`, so that a log may be read twice.
 */
export function signalsOf(run: ObservedRun, events: readonly StoredEvent[]): readonly NewSignal[] {
  return events.flatMap((event) => {
    const seen = seenIn(event);
    if (seen === undefined) return [];
    const { context = {}, ...rest } = seen;
    const signal: NewSignal = {
      ...rest,
      summary: fit(rest.summary, summaryCharacters),
      details: fit(rest.details, detailCharacters),
      context: Object.fromEntries(
        Object.entries({
          run: run.id,
          agent: run.agent,
          model: run.model,
          ...context,
          ...failureOf(event, context["code"]),
        }).map(([name, text]) => [name, fit(text, 500)]),
      ),
      idempotencyKey: `run:${run.id}:${event.seq}`,
      at: event.at,
    };
    return [signal];
  });
}

/** The class of what failed, by which signals of many codes are one kind. */
function failureOf(event: StoredEvent, code: string | undefined): { readonly failure?: string } {
  const ofRun = event.type === "run.finished" ? failureOfRun(event) : undefined;
  const failure = ofRun ?? (code === undefined ? undefined : failureClassOf(code));
  return failure === undefined ? {} : { failure };
}

interface Seen extends Reading {
  readonly summary: string;
  readonly details: string;
  readonly context?: Readonly<Record<string, string>>;
}

function seenIn(event: StoredEvent): Seen | undefined {
  switch (event.type) {
    case "tool.completed":
      return ordersIn(event) ?? toolFailure(event);
    case "turn.failed":
      return {
        ...readingOf(event.error, { type: "incident", severity: "medium", source: "engine:model" }),
        summary: `The model call failed: ${event.error.code}`,
        details: event.error.message,
        context: { code: event.error.code, attempts: String(event.attempts) },
      };
    case "model.fell_back":
      return {
        ...readingOf(event.error, { type: "incident", severity: "medium", source: "engine:model" }),
        summary: `The model ${event.from} could not answer: ${event.error.code}`,
        details: event.error.message,
        context: { code: event.error.code, standsIn: event.to ?? "nobody" },
      };
    case "check.completed":
      if (event.error === undefined) return undefined;
      return {
        type: "process",
        severity: "medium",
        source: "engine:check",
        summary: "A task's check could not run",
        details: event.error.message,
        context: { code: event.error.code },
      };
    case "verification.completed":
      if (event.error === undefined) return undefined;
      return {
        type: "process",
        severity: "high",
        source: "engine:verifier",
        summary: "The hidden tests gave no verdict",
        details: event.error.message,
        context: { code: event.error.code },
      };
    case "agent.stopped":
      return stopped(event.stop, event.agentPath === undefined ? "A run" : "An agent of a run");
    case "run.finished":
      return finished(event);
    case "run.started":
    case "run.resumed":
    case "run.parked":
    case "session.opened":
    case "agent.started":
    case "message.user":
    case "message.undelivered":
    case "turn.started":
    case "turn.completed":
    case "tool.started":
    case "tools.activated":
    case "skill.loaded":
    case "plan.updated":
    case "context.compacted":
    case "condense.completed":
    case "condense.failed":
    case "judge.completed":
    case "judge.failed":
    case "sampling.completed":
    case "matching.completed":
    case "matching.failed":
    case "skills.matched":
    case "sampling.failed":
    case "escalation.decided":
    case "budget.reached":
    case "stuck.noticed":
      return undefined;
  }
}

/** A call that a person's words came before did not fail; how another agent ended has its own events. */
function isTold(code: string | undefined): boolean {
  return (
    code === "agents.person_spoke" ||
    code === "agents.sub_agent_stopped" ||
    code === "agents.sub_agent_refuted" ||
    code === "agents.sub_agent_unchecked"
  );
}

/** A result that hardly anybody writes for people: somebody may be after the agent. */
function ordersIn(event: EventOf<"tool.completed">): Seen | undefined {
  const { injection, toolName } = event;
  if (injection?.level !== "likely") return undefined;
  return {
    type: "security",
    severity: "high",
    source: "engine:injection",
    summary: `What ${toolName} gave looks as if it gave the agent orders`,
    details: `Found by: ${injection.rules.join(", ")}. The text is in the run's log.`,
    context: { tool: toolName, rules: injection.rules.join(" ") },
  };
}

function toolFailure(event: EventOf<"tool.completed">): Seen | undefined {
  if (!event.isError || isTold(event.error?.code)) return undefined;
  const { error, toolName, decision } = event;
  const own: Reading = { type: "bug", severity: "low", source: "engine:tool" };
  return {
    ...(error === undefined ? own : readingOf(error, own)),
    summary:
      error === undefined
        ? `Tool ${toolName} answered with an error`
        : `Tool ${toolName} failed: ${error.code}`,
    details: error?.message ?? insideOf(event.content),
    context: {
      tool: toolName,
      ...(error === undefined ? {} : { code: error.code }),
      ...(decision === null ? {} : { rule: decision.ruleId }),
    },
  };
}

function stopped(stop: StopReason, who: string): Seen | undefined {
  if (stop.reason === "stuck") {
    return {
      type: "process",
      severity: "medium",
      source: "engine:stuck",
      summary: `${who} went in circles: ${stop.kind}`,
      details: `It was stopped after ${stop.turns} turns of it, events ${stop.evidence.join(", ")}.`,
      context: { kind: stop.kind, turns: String(stop.turns) },
    };
  }
  if (stop.reason !== "limit") return undefined;
  return {
    type: "process",
    severity: "medium",
    source: "engine:limits",
    summary: `${who} came to its limit of ${stop.limit}`,
    details: `It was allowed ${stop.allowed} (${stop.limit}) and was not done by then.`,
    context: { limit: stop.limit, allowed: String(stop.allowed) },
  };
}

function finished(event: EventOf<"run.finished">): Seen | undefined {
  const { outcome, stop, summary } = event;
  if (outcome === "refuted") {
    return {
      type: "bug",
      severity: "high",
      source: "engine:verifier",
      summary: "A run's work was refuted by the hidden tests",
      details: summary,
      context: { stop: stop.reason },
    };
  }
  if (outcome !== "failed") return undefined;
  const error = "error" in stop ? stop.error : undefined;
  return {
    type: "incident",
    severity: "high",
    source: "engine:run",
    summary: `A run failed${error === undefined ? "" : `: ${error.code}`}`,
    details: error?.message ?? summary,
    context: { stop: stop.reason, ...(error === undefined ? {} : { code: error.code }) },
  };
}

function readingOf(error: ErrorData, own: Reading): Reading {
  return Object.hasOwn(readings, error.code) ? (readings[error.code] ?? own) : own;
}

/** A log may hold what a database cannot; a signal's words are for people. */
function fit(text: string, characters: number): string {
  return cutText(text.toWellFormed().replaceAll("\0", "\u{fffd}"), characters);
}
