import type { JsonValue } from "../../base/json.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { agentOf, type CallPlace } from "./call-place.ts";
import { type LineageStep, step } from "./step.ts";

/** What came of a step, and the events of the log that signals may have been made of. */
export interface Caused {
  readonly steps: readonly LineageStep[];
  readonly seqs: readonly number[];
}

const whereOf = ({ runId, seq, at }: StoredEvent) => ({ run: runId, seq, at });

/** What a log says came of a step of its run, in its order. */
export function causedBy(place: CallPlace, log: readonly StoredEvent[]): Caused {
  const own = log.filter((event) => agentOf(event) === place.agent);
  switch (place.kind) {
    case "tool":
      return causedByTool(place, own, log);
    case "turn":
      return causedByTurn(place.turn, own);
    case "condense":
      return plain(
        own.filter((event) => event.type === "context.compacted" && event.turn === place.turn),
        (event) => step("turn", `turn ${place.turn} is shown less`, whereOf(event)),
      );
    case "judge":
      return plain(
        own.filter(
          (event) =>
            event.type === "check.completed" &&
            event.kind === "judge" &&
            event.attempt === place.attempt,
        ),
        (event) => step("check", `attempt ${place.attempt}`, whereOf(event)),
      );
  }
}

function plain(
  events: readonly StoredEvent[],
  toStep: (event: StoredEvent) => LineageStep,
): Caused {
  return { steps: events.map(toStep), seqs: events.map(({ seq }) => seq) };
}

function causedByTool(
  { agent, turn, index }: Extract<CallPlace, { kind: "tool" }>,
  own: readonly StoredEvent[],
  log: readonly StoredEvent[],
): Caused {
  const isOf = (event: StoredEvent) =>
    "turn" in event && "index" in event && event.turn === turn && event.index === index;
  const asked = own.find((event) => event.type === "tool.started" && isOf(event));
  const result = own.findLast(
    (event): event is EventOf<"tool.completed"> => event.type === "tool.completed" && isOf(event),
  );
  const below = `${agent === undefined ? "" : `${agent}/`}${turn}.${index}`;
  const steps = [
    ...own.flatMap((event) => (isOf(event) ? ofSamePlace(event) : [])),
    ...questionsOf(asked, result, own),
    ...log.flatMap((event) => agentBelow(event, below)),
    ...(result === undefined ? [] : readBy(result, own)),
    ...(asked?.type === "tool.started" ? filesOf(asked, log) : []),
  ];
  return { steps, seqs: result === undefined ? [] : [result.seq] };
}

function ofSamePlace(event: StoredEvent): readonly LineageStep[] {
  const where = whereOf(event);
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others come of no call
  switch (event.type) {
    case "tool.completed":
      return [
        step("result", event.isError ? `${event.toolName}, an error` : event.toolName, {
          ...where,
          call: event.callId ?? null,
        }),
      ];
    case "skill.loaded":
      return [step("skill", event.name, { ...where, id: event.digest })];
    case "tools.activated":
      return [step("tools", event.tools.map(({ name }) => name).join(", "), where)];
    case "plan.updated":
      return [step("plan", `${event.steps.length} steps`, where)];
    default:
      return [];
  }
}

/** Questions to a person between a call's beginning and its end. */
function questionsOf(
  asked: StoredEvent | undefined,
  result: StoredEvent | undefined,
  own: readonly StoredEvent[],
): readonly LineageStep[] {
  if (asked?.type !== "tool.started") return [];
  const end = result?.seq ?? Number.POSITIVE_INFINITY;
  return own.flatMap((event) =>
    event.type === "run.parked" &&
    event.toolName === asked.toolName &&
    event.seq > asked.seq &&
    event.seq < end
      ? [step("question", event.ruleId ?? "a rule", { ...whereOf(event), id: event.approvalId })]
      : [],
  );
}

/** An agent that the call handed work to, and its end. */
function agentBelow(event: StoredEvent, path: string): readonly LineageStep[] {
  if (agentOf(event) !== path) return [];
  if (event.type === "agent.started") {
    return [step("agent", event.agent, { ...whereOf(event), call: event.callId })];
  }
  if (event.type === "turn.completed") {
    return [step("turn", `turn ${event.turn} of it`, { ...whereOf(event), call: event.callId })];
  }
  return event.type === "agent.stopped" ? [step("end", event.stop.reason, whereOf(event))] : [];
}

/** The turn in which the model was shown a result. */
function readBy(
  result: EventOf<"tool.completed">,
  own: readonly StoredEvent[],
): readonly LineageStep[] {
  const next = own.find((event) => event.type === "turn.started" && event.seq > result.seq);
  if (next?.type !== "turn.started") return [];
  const answer = own.find((event) => event.type === "turn.completed" && event.turn === next.turn);
  const call = answer?.type === "turn.completed" ? answer.callId : null;
  return [step("turn", `turn ${next.turn}`, { ...whereOf(next), basis: "order", call })];
}

/** Files that the run changed and the call's arguments name. */
function filesOf(
  asked: EventOf<"tool.started">,
  log: readonly StoredEvent[],
): readonly LineageStep[] {
  const finished = log.findLast((event) => event.type === "run.finished");
  if (finished === undefined || onlyReads(asked.toolName, log)) return [];
  const words = new Set(wordsIn(argumentsOf(asked.argumentsText)));
  return finished.filesChanged.flatMap(({ path, change }) =>
    words.has(path) || words.has(`./${path}`)
      ? [step("file", `${path} ${change}`, { ...whereOf(finished), basis: "arguments" })]
      : [],
  );
}

/** A tool that says that it reads, and was listed so, changed no file. */
function onlyReads(tool: string, log: readonly StoredEvent[]): boolean {
  return log.some(
    (event) =>
      event.type === "session.opened" &&
      event.tools.some(({ name, effect }) => name === tool && effect === "read"),
  );
}

function argumentsOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // Malformed arguments name nothing.
    return null;
  }
}

function wordsIn(value: JsonValue): readonly string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(wordsIn);
}

/** The calls that an answer asked for; where it asked for none, what looked at the work, and the end. */
function causedByTurn(turn: number, own: readonly StoredEvent[]): Caused {
  const isOf = (event: StoredEvent) => "turn" in event && event.turn === turn;
  const ended = own.find(
    (event) => (event.type === "turn.completed" || event.type === "turn.failed") && isOf(event),
  );
  const next = own.find((event) => event.type === "turn.started" && event.turn > turn);
  const calls = own.flatMap((event): readonly LineageStep[] => {
    if (event.type !== "tool.started" || !isOf(event)) return [];
    const done = own.findLast(
      (one) => one.type === "tool.completed" && one.turn === turn && one.index === event.index,
    );
    const call = done?.type === "tool.completed" ? (done.callId ?? null) : null;
    return [step("call", event.toolName, { ...whereOf(event), call })];
  });
  const after = own.filter(
    ({ seq }) =>
      ended !== undefined && seq > ended.seq && seq < (next?.seq ?? Number.POSITIVE_INFINITY),
  );
  const checks = calls.length > 0 ? [] : after.flatMap(checkOrEnd);
  const failed = own.filter((event) => event.type === "turn.failed" && isOf(event));
  return { steps: [...calls, ...checks], seqs: failed.map(({ seq }) => seq) };
}

function checkOrEnd(event: StoredEvent): readonly LineageStep[] {
  if (event.type === "check.completed") {
    const verdict = event.passed ? "passed" : "did not pass";
    return [step("check", `${event.kind ?? "command"} ${verdict}`, whereOf(event))];
  }
  return event.type === "agent.stopped" ? [step("end", event.stop.reason, whereOf(event))] : [];
}

/** What came of a whole run, but for what it taught. */
export function causedByRun(log: readonly StoredEvent[]): Caused {
  const steps = log.flatMap((event): readonly LineageStep[] => {
    const where = whereOf(event);
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are steps of it
    switch (event.type) {
      case "agent.started":
        return [step("agent", event.agent, { ...where, call: event.callId })];
      case "model.fell_back":
        return [
          step("fallback", `${event.from} to ${event.to ?? "nobody"}`, {
            ...where,
            call: event.callId,
          }),
        ];
      case "run.parked":
        return [step("question", event.ruleId ?? "a rule", { ...where, id: event.approvalId })];
      case "escalation.decided":
        return event.to === null
          ? []
          : [
              step("attempt", `${event.to.effort} on ${event.to.model}`, {
                ...where,
                id: event.to.runId,
              }),
            ];
      case "run.finished":
        return [
          ...event.filesChanged.map(({ path, change }) => step("file", `${path} ${change}`, where)),
          step("end", `${event.outcome}, ${event.stop.reason}`, where),
        ];
      default:
        return [];
    }
  });
  return { steps, seqs: log.map(({ seq }) => seq) };
}
