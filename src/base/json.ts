import canonicalize from "canonicalize";
import { Agent33Error, type JsonObject, type JsonValue } from "./errors.ts";

export type { JsonObject, JsonValue } from "./errors.ts";

/**
 * The one spelling of a JSON value (RFC 8785): keys sorted, shortest numbers, no white space.
 * Digests and idempotency keys are made of it.
 * @throws Agent33Error `json.not_canonical` for what JSON cannot hold (NaN, functions, cycles).
 */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw notCanonical(cause);
  }
  if (text === undefined) throw notCanonical(undefined);
  return text;
}

function notCanonical(cause: unknown): Agent33Error {
  return new Agent33Error("json.not_canonical", "The value cannot be written as JSON.", {
    hint: "Use only strings, finite numbers, booleans, null, arrays and plain objects.",
    cause,
  });
}

/** Whether a parsed value is a JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A value as JSON sees it: what `JSON.stringify` would drop is dropped, what it would spell is
 * spelt. For data that a library hands over typed as `unknown`.
 */
export function toJsonValue(value: unknown): JsonValue {
  const text = JSON.stringify(value);
  return text === undefined ? null : (JSON.parse(text) as JsonValue);
}
