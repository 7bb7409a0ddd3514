import { Agent33Error } from "../base/errors.ts";
import { type RunEvent, type StoredEvent, storedEventSchema } from "./event.ts";

/** One event as one line of JSON, without the line break. */
export function encodeEvent(event: RunEvent): string {
  return JSON.stringify(event);
}

/**
 * A stored event from its JSON text.
 * @throws Agent33Error `events.malformed` when the text is not an event of this version.
 */
export function decodeEvent(text: string): StoredEvent {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw malformed("it is not JSON", cause);
  }
  const parsed = storedEventSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw malformed(`${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "?"}`, parsed.error);
}

function malformed(why: string, cause: unknown): Agent33Error {
  return new Agent33Error("events.malformed", `An event in the run log cannot be read: ${why}.`, {
    hint: "The log was written by another version or is damaged. Keep the file and run `agent33 doctor`.",
    cause,
  });
}
