import { isJsonObject, type JsonValue } from "./json.ts";

/** Whether a text is a JSON Pointer (RFC 6901): empty, or steps that each begin with `/`. */
export function isJsonPointer(text: string): boolean {
  return /^(?:\/(?:[^~/]|~[01])*)*$/.test(text);
}

/**
 * What a JSON Pointer names; undefined where there is nothing (RFC 6901, section 4). `-`, the place
 * after an array's last, is never there.
 */
export function atPointer(value: JsonValue, pointer: string): JsonValue | undefined {
  let part: JsonValue | undefined = value;
  for (const raw of pointer.split("/").slice(1)) {
    const step = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(part)) {
      part = /^(?:0|[1-9]\d*)$/.test(step) ? part[Number(step)] : undefined;
    } else if (part !== undefined && isJsonObject(part)) {
      part = Object.hasOwn(part, step) ? part[step] : undefined;
    } else return undefined;
  }
  return part;
}
