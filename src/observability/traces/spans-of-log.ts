import { type FailureClass, failureClassOf } from "../../base/failure-class.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { failureOfRun } from "../../events/run-failure.ts";
import { agentAttributes, effortAttributes, providerOf } from "./run-attributes.ts";
import { names } from "./names.ts";
import { type Attributes, given, type Span, type SpanEvent, spanIdOf, traceIdOf } from "./span.ts";

type Started = EventOf<"run.started">;
type Usage = EventOf<"turn.completed">["usage"];

/** What a log says of one agent of its run. */
interface Scope {
  readonly started: Started;
  /** Undefined for the run's own agent. */
  readonly path: string | undefined;
  readonly events: readonly StoredEvent[];
  readonly sources: ReadonlyMap<string, string>;
}

/** What the agent was told of besides its calls. */
const moments = new Set<StoredEvent["type"]>([
  "budget.reached",
  "check.completed",
  "context.compacted",
  "escalation.decided",
  "model.fell_back",
  "run.parked",
  "run.resumed",
  "stuck.noticed",
]);

/**
 * A run's log as spans of one trace, in the conventions for generative AI: the agent and each agent
 * that work was handed to, their turns, and the calls of their tools. Nothing of what was said is in
 * them. A log that goes on gives the spans that are over, and the agent's as far as it is.
 * @returns no span where the log has no beginning
 */
export function spansOfLog(events: readonly StoredEvent[]): readonly Span[] {
  const started = events.find((event) => event.type === "run.started");
  if (started === undefined) return [];
  const sources = new Map(
    events.flatMap((event) =>
      event.type === "session.opened"
        ? event.tools.map(({ name, source }) => [name, source] as const)
        : [],
    ),
  );
  const groups = Map.groupBy(events, (event) =>
    "agentPath" in event ? event.agentPath : undefined,
  );
  return [...groups].flatMap(([path, own]) =>
    spansOfAgent({ started, path, events: own, sources }),
  );
}

const placeOf = ({ path }: Pick<Scope, "path">, place: string): string =>
  path === undefined ? place : `${path} ${place}`;

function spansOfAgent(scope: Scope): readonly Span[] {
  const { started, path, events } = scope;
  const begun = events.find((event) => event.type === "agent.started");
  const stopped =
    path === undefined
      ? events.findLast((event) => event.type === "run.finished")
      : events.findLast((event) => event.type === "agent.stopped");
  const error = stopped?.stop.reason === "error" ? stopped.stop.error : undefined;
  const agent = begun?.agent ?? started.agent;
  const [name = agent] = agent.split("@");
  const first = events[0]?.at ?? started.at;
  const span: Span = {
    ...identity(scope, "agent"),
    // An agent that work was handed to belongs to the call that did so.
    parentId: path === undefined ? undefined : spanIdOf(started.runId, toolPlace(path)),
    name: `invoke_agent ${name}`,
    kind: "internal",
    start: first,
    end: events.at(-1)?.at ?? first,
    attributes: {
      ...agentAttributes(started, agent, path),
      ...(path === undefined ? effortAttributes(started) : {}),
      ...given({
        [names.outcome]: stopped?.outcome,
        [names.stop]: stopped?.stop.reason,
        [names.failure]: failureOfStop(stopped),
        ...failedWith(error?.code),
        [names.rewards]: events.find((event) => event.type === "verification.completed")?.reward,
        ...totalsOf(stopped),
      }),
    },
    events: events.flatMap(momentOf),
    error: error?.code,
  };
  return [span, ...events.flatMap((event) => callSpan(event, scope))];
}

/** The call that an agent's path names: `3.1/2.0` is call 0 of turn 2 of the agent at `3.1`. */
function toolPlace(path: string): string {
  const end = path.lastIndexOf("/");
  const above = end === -1 ? undefined : path.slice(0, end);
  return placeOf({ path: above }, `tool ${path.slice(end + 1)}`);
}

function identity({ started, path }: Scope, place: string) {
  const { runId } = started;
  return {
    traceId: traceIdOf(runId),
    spanId: spanIdOf(runId, placeOf({ path }, place)),
    parentId: spanIdOf(runId, placeOf({ path }, "agent")),
  };
}

function totalsOf(stopped: EventOf<"run.finished"> | EventOf<"agent.stopped"> | undefined) {
  const totals = stopped?.totals;
  if (totals === undefined) return {};
  return {
    [names.inputTokens]: totals.inputTokens,
    [names.outputTokens]: totals.outputTokens,
    [names.cacheReadTokens]: totals.cachedInputTokens,
    [names.costMicroUsd]: totals.costMicroUsd,
    [names.unpricedCalls]: totals.unpricedCalls,
  };
}

/** The span of a turn, a question aside or a tool's call; none for an event that is none of these. */
function callSpan(event: StoredEvent, scope: Scope): readonly Span[] {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- what is no call has no span
  switch (event.type) {
    case "turn.completed":
      return [
        chat(event, scope, `turn ${event.turn}`, {
          ...usageOf(event.usage),
          [names.turn]: event.turn,
          [names.reasoningLevel]: event.effort,
          [names.finishReasons]: [event.finishReason],
          [names.attempts]: event.attempts,
          ...decided(event.decision),
          [names.callId]: event.callId,
        }),
      ];
    case "turn.failed":
      return [
        chat(event, scope, `turn ${event.turn} failed ${event.seq}`, {
          [names.turn]: event.turn,
          [names.attempts]: event.attempts,
          ...(event.decision === undefined ? {} : decided(event.decision)),
          [names.callId]: event.callId,
        }),
      ];
    case "judge.completed":
    case "condense.completed":
    case "sampling.completed":
      return [
        chat(event, scope, `${event.type} ${event.seq}`, {
          ...usageOf(event.usage),
          [names.purpose]: event.type.split(".")[0],
          [names.callId]: event.callId,
          ...("decision" in event ? decided(event.decision) : {}),
        }),
      ];
    case "judge.failed":
    case "condense.failed":
    case "sampling.failed":
      return [
        chat(event, scope, `${event.type} ${event.seq}`, {
          [names.purpose]: event.type.split(".")[0],
          [names.callId]: event.callId,
        }),
      ];
    case "tool.completed":
      return [toolSpan(event, scope)];
    default:
      return [];
  }
}

/** An event that ends a question to a model. */
interface Asked {
  readonly at: number;
  readonly durationMs?: number;
  readonly costMicroUsd: number | null;
  readonly model?: string;
  readonly error?: { readonly code: string };
}

function chat(
  event: Asked,
  scope: Scope,
  place: string,
  attributes: Parameters<typeof given>[0],
): Span {
  const spec = event.model ?? scope.started.model;
  const { provider, model } = providerOf(spec);
  return {
    ...identity(scope, place),
    name: `chat ${model}`,
    kind: "client",
    start: startOf(event),
    end: event.at,
    attributes: given({
      [names.operation]: "chat",
      [names.provider]: provider,
      [names.requestModel]: model,
      [names.conversation]: scope.started.runId,
      [names.costMicroUsd]: event.costMicroUsd,
      ...failedWith(event.error?.code),
      ...attributes,
    }),
    events: [],
    error: event.error?.code,
  };
}

function toolSpan(event: EventOf<"tool.completed">, scope: Scope): Span {
  const place = `tool ${event.turn}.${event.index}`;
  // The conventions' word for an answer that says that it is an error.
  const error = event.error?.code ?? (event.isError ? "tool_error" : undefined);
  const isMcp = scope.sources.get(event.toolName)?.startsWith("mcp:") === true;
  return {
    ...identity(scope, place),
    name: `execute_tool ${event.toolName}`,
    kind: "internal",
    start: startOf(event),
    end: event.at,
    attributes: given({
      [names.operation]: "execute_tool",
      [names.toolName]: event.toolName,
      [names.toolCallId]: event.toolCallId,
      [names.conversation]: scope.started.runId,
      [names.mcpMethod]: isMcp ? "tools/call" : undefined,
      [names.turn]: event.turn,
      [names.attempts]: event.attempts,
      [names.callId]: event.callId,
      ...failedWith(error),
      ...(event.decision === null ? {} : decided(event.decision)),
    }),
    events: [],
    error,
  };
}

/** What failed: the code, and the class that it is of. */
function failedWith(code: string | undefined) {
  if (code === undefined) return {};
  // A tool's own word for its failure is no code of ours.
  const failure = code === "tool_error" ? "F-EXE" : failureClassOf(code);
  return { [names.errorType]: code, [names.failure]: failure };
}

function failureOfStop(
  stopped: EventOf<"run.finished"> | EventOf<"agent.stopped"> | undefined,
): FailureClass | undefined {
  const { outcome, stop } = stopped ?? {};
  if (outcome === undefined || stop === undefined) return undefined;
  return failureOfRun({ outcome, stop });
}

/** Events are written when what they tell of is over. */
function startOf({ at, durationMs = 0 }: Pick<Asked, "at" | "durationMs">): number {
  return at - durationMs;
}

function usageOf(usage: Usage): Attributes {
  return given({
    [names.inputTokens]: usage.inputTokens,
    [names.outputTokens]: usage.outputTokens,
    [names.cacheReadTokens]: usage.cachedInputTokens,
    [names.cacheCreationTokens]: usage.cacheWriteTokens,
    [names.reasoningTokens]: usage.reasoningTokens,
    [names.usageEstimated]: usage.estimated ? true : undefined,
  });
}

function decided({ effect, ruleId }: { readonly effect: string; readonly ruleId: string }) {
  return { [names.decision]: effect, [names.decisionRule]: ruleId };
}

/** By kind alone, with the few words that are no one's text. */
function momentOf(event: StoredEvent): readonly SpanEvent[] {
  if (!moments.has(event.type)) return [];
  return [{ name: `agent33.${event.type}`, at: event.at, attributes: momentAttributes(event) }];
}

function momentAttributes(event: StoredEvent): Attributes {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others say enough by their name
  switch (event.type) {
    case "budget.reached":
      return { budget: event.budget, limit: event.limit, percent: event.percent };
    case "check.completed":
      return given({ kind: event.kind, passed: event.passed });
    case "escalation.decided":
      return given({
        escalates: event.escalates,
        reason: event.reason,
        from: event.from,
        to: event.to?.effort,
        "to.run": event.to?.runId,
      });
    case "model.fell_back":
      return given({
        from: event.from,
        to: event.to,
        [names.callId]: event.callId,
        ...failedWith(event.error.code),
      });
    case "run.parked":
      return given({
        [names.decisionRule]: event.ruleId,
        [names.toolName]: event.toolName,
        [names.callId]: event.callId,
      });
    case "stuck.noticed":
      return { kind: event.kind, turns: event.turns };
    default:
      return {};
  }
}
