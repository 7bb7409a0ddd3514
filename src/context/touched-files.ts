import type { JsonValue } from "../base/json.ts";
import type { StoredEvent } from "../events/event.ts";
import { agentOf, carriedFold, type Folding } from "./carried.ts";

/** A file that a call of an agent named. */
export interface TouchedFile {
  readonly turn: number;
  /** Whether the tool may have changed it. */
  readonly changed: boolean;
}

/** What was named last comes last. */
export type TouchedFiles = ReadonlyMap<string, TouchedFile>;

/** The files that an agent's calls named which went well, by the names that tools have for them. */
export const touchedFilesOf = carriedFold<TouchedFiles>(touchedFold);

const fileFields =
  /^(?:(?:file|source|destination|target|output)_?)?(?:path|paths|file|files|filename)$/i;

function touchedFold(agentPath: string | undefined): Folding<TouchedFiles> {
  const files = new Map<string, TouchedFile>();
  const reads = new Set<string>();
  const asked = new Map<string, readonly string[]>();
  const add = (event: StoredEvent): void => {
    if (event.type === "session.opened") {
      for (const { name, effect } of event.tools) if (effect === "read") reads.add(name);
    }
    if (agentOf(event) !== agentPath) return;
    if (event.type === "tool.started") {
      asked.set(`${event.turn}.${event.index}`, filesIn(event.argumentsText));
    }
    if (event.type !== "tool.completed") return;
    const place = `${event.turn}.${event.index}`;
    const named = asked.get(place) ?? [];
    asked.delete(place);
    if (event.isError) return;
    for (const name of named) {
      const changed = !reads.has(event.toolName) || files.get(name)?.changed === true;
      files.delete(name);
      files.set(name, { turn: event.turn, changed });
    }
  };
  return { state: files, add };
}

function filesIn(argumentsText: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(argumentsText);
  } catch {
    // Such a call is refused; it touches nothing.
    return [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, named]: [string, JsonValue]) => {
    if (!fileFields.test(field)) return [];
    const names: readonly JsonValue[] = Array.isArray(named) ? named : [named as JsonValue];
    return names.filter((name): name is string => typeof name === "string" && isFileName(name));
  });
}

/** A name, and no text that happens to stand in a field of that name. */
function isFileName(text: string): boolean {
  return text !== "" && text.length <= 300 && !/[\n\r]/.test(text);
}
