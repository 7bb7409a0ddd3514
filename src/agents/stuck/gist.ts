import { canonicalJson, isJsonObject, type JsonValue } from "../../base/json.ts";
import { digestOf, sha256 } from "../../base/digest.ts";
import { outsideMarks } from "../../base/outside.ts";
import { parseArguments } from "../../tools/arguments.ts";

/** Which call it is, however its arguments are spelled: the same for any order of their names. */
export function callKey(toolName: string, argumentsText: string): string {
  const parsed = parseArguments(argumentsText);
  return digestOf([toolName, parsed.ok ? canonicalJson(parsed.value) : argumentsText]);
}

/** What changes by itself from one look to the next: times, durations, random ids. */
const volatile = [
  /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?/g,
  /\b\d\d?:\d\d:\d\d(\.\d+)?\b/g,
  /\b1\d{9}(\d{3})?\b/g,
  /\b\d+(\.\d+)? ?(ms|s|sec|secs|seconds?|minutes?|min)\b/g,
  outsideMarks,
  /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi,
] as const;

/** A result without what changes by itself. Counts and shares stay: they are progress. */
export function gistOf(content: string): string {
  return sha256(volatile.reduce((text, pattern) => text.replace(pattern, "~"), content));
}

/** Shorter arguments occur in any text. */
const shortestArgument = 3;

/** An error without what the call itself brought into its words, and without its numbers. */
export function errorGist(toolName: string, argumentsText: string, content: string): string {
  const parsed = parseArguments(argumentsText);
  const own = parsed.ok ? stringsIn(parsed.value) : [];
  const words = [...own]
    .filter(({ length }) => length >= shortestArgument)
    .sort((left, right) => right.length - left.length)
    .reduce((text, value) => text.replaceAll(value, "~"), content.replace(outsideMarks, "~"));
  return digestOf([toolName, words.replace(/\d+/g, "#")]);
}

function stringsIn(value: JsonValue): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  return isJsonObject(value) ? Object.values(value).flatMap(stringsIn) : [];
}
