import type { ErrorData } from "../base/errors.ts";
import { type JsonObject, type JsonValue, toJsonValue } from "../base/json.ts";
import type { AssistantPart } from "../base/message.ts";
import type { Redactor } from "../base/redact.ts";
import type { NewEvent, StopReason, TurnSummary } from "../events/event.ts";

/**
 * An event without secrets. Only what people, models and tools wrote is looked at: names, ids and
 * kinds are structure, and a structure with a placeholder in it would not fit together any more.
 */
export function redactEvent(event: NewEvent, redactor: Redactor): NewEvent {
  const { text } = redactor;
  switch (event.type) {
    case "run.started":
      return {
        ...event,
        task: text(event.task),
        notices: event.notices.map(text),
        ...(event.inputs === undefined ? {} : { inputs: redactObject(event.inputs, redactor) }),
      };
    case "session.opened":
      return { ...event, notices: event.notices.map(text) };
    case "message.user":
    case "message.undelivered":
    case "stuck.noticed":
      return { ...event, text: text(event.text) };
    case "turn.completed":
      return { ...event, parts: event.parts.map((part) => redactPart(part, redactor)) };
    case "tool.started":
      return { ...event, argumentsText: redactArguments(event.argumentsText, redactor) };
    case "tool.completed":
      return { ...event, content: text(event.content), ...errorOf(event, redactor) };
    case "judge.completed":
    case "condense.completed":
    case "matching.completed":
      return { ...event, text: text(event.text) };
    case "plan.updated":
      return {
        ...event,
        steps: event.steps.map(({ step, status }) => ({ step: text(step), status })),
      };
    case "context.compacted": {
      const { summary } = event;
      return summary === undefined ? event : { ...event, summary: redactSummary(summary, text) };
    }
    case "turn.failed":
    case "model.fell_back":
    case "judge.failed":
    case "condense.failed":
    case "sampling.failed":
    case "matching.failed":
      return { ...event, error: redactError(event.error, redactor) };
    case "check.completed":
    case "verification.completed":
      return { ...event, output: text(event.output), ...errorOf(event, redactor) };
    case "agent.stopped":
      return { ...event, summary: text(event.summary), stop: redactStop(event.stop, redactor) };
    case "run.finished":
      return {
        ...event,
        summary: text(event.summary),
        stop: redactStop(event.stop, redactor),
        ...(event.output === undefined ? {} : { output: redactObject(event.output, redactor) }),
        filesChanged: event.filesChanged.map((file) => ({ ...file, path: text(file.path) })),
      };
    case "run.parked":
      return { ...event, message: text(event.message) };
    case "skills.matched":
      return redactMatch(event, text);
    case "sampling.completed": {
      const { parts } = event;
      if (parts === undefined) return event;
      return { ...event, parts: parts.map((part) => redactPart(part, redactor)) };
    }
    case "agent.started":
      if (event.inputs === undefined) return event;
      return { ...event, inputs: redactObject(event.inputs, redactor) };
    case "run.resumed":
    case "escalation.decided":
    case "budget.reached":
    case "turn.started":
    case "tools.activated":
    case "skill.loaded":
      return event;
  }
}

type MatchedEvent = Extract<NewEvent, { readonly type: "skills.matched" }>;

/** What a model said of skills. */
function redactMatch(event: MatchedEvent, text: Redactor["text"]): MatchedEvent {
  return {
    ...event,
    notices: event.notices.map(text),
    skills: event.skills.map((skill) => ({
      ...skill,
      ...(skill.kept === undefined ? {} : { kept: text(skill.kept) }),
      ...(skill.fell === undefined ? {} : { fell: { ...skill.fell, why: text(skill.fell.why) } }),
    })),
  };
}

function redactSummary(summary: TurnSummary, text: Redactor["text"]): TurnSummary {
  const { why, files } = summary;
  return {
    ...summary,
    text: text(summary.text),
    ...(why === undefined ? {} : { why: text(why) }),
    files: { changed: files.changed.map(text), read: files.read.map(text) },
  };
}

function redactPart(part: AssistantPart, redactor: Redactor): AssistantPart {
  if (part.type === "tool_call") {
    return { ...part, argumentsText: redactArguments(part.argumentsText, redactor) };
  }
  const text = redactor.text(part.text);
  if (text === part.text) return part;
  // Metadata may sign the text; a signature of another text would be refused.
  return { type: part.type, text };
}

const jsonString = /"(?:[^"\\]|\\.)*"/g;

/**
 * Tool arguments are JSON: a secret is looked for in the strings that they hold, not in their
 * spelling, so that it comes back as it was. All else stays as it was written.
 */
function redactArguments(argumentsText: string, redactor: Redactor): string {
  try {
    JSON.parse(argumentsText);
  } catch {
    // Malformed arguments never run; they are text.
    return redactor.text(argumentsText);
  }
  return argumentsText.replace(jsonString, (token) => {
    const value = JSON.parse(token) as string;
    const hidden = redactor.text(value);
    return hidden === value ? token : JSON.stringify(hidden);
  });
}

/** A deep copy with every string replaced, names of fields too. */
export function mapStrings(value: JsonValue, replace: (text: string) => string): JsonValue {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((item: JsonValue) => mapStrings(item, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [replace(key), mapStrings(item, replace)]),
  );
}

function errorOf(event: { readonly error?: ErrorData }, redactor: Redactor) {
  return event.error === undefined ? {} : { error: redactError(event.error, redactor) };
}

function redactStop(stop: StopReason, redactor: Redactor): StopReason {
  return "error" in stop ? { ...stop, error: redactError(stop.error, redactor) } : stop;
}

function redactObject(value: JsonObject, redactor: Redactor): JsonObject {
  return redactor.value(value) as JsonObject;
}

/** An error whose words hold no secrets. */
export function redactError(error: ErrorData, redactor: Redactor): ErrorData {
  return redactor.value(toJsonValue(error)) as unknown as ErrorData;
}
