import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { ListedTool } from "./tool-list.ts";

/** Longest text of a description that is shown. */
const shownLength = 1_000;

/** What is different in a tool's new definition, in sentences for whoever decides about it. */
export function differenceBetween(from: ListedTool, to: ListedTool): string {
  const { inputSchema: before } = from;
  const { inputSchema: after } = to;
  const sentences = [
    from.description === to.description
      ? ""
      : `Its description was ${quoted(from.description)} and is ${quoted(to.description)}.`,
    same(before, after) ? "" : schemaDifference(before, after),
    same({ ...from.hints }, { ...to.hints })
      ? ""
      : `What it says of its effects was ${JSON.stringify(from.hints)} and is ${JSON.stringify(to.hints)}.`,
  ].filter((sentence) => sentence !== "");
  if (sentences.length === 0) return "Its title or what it says about its results is different.";
  return sentences.join(" ");
}

function schemaDifference(before: JsonObject, after: JsonObject): string {
  const [old, now] = [propertiesOf(before), propertiesOf(after)];
  const names = (kept: readonly string[], what: string): string =>
    kept.length === 0 ? "" : `${what} ${kept.join(", ")}`;
  const parts = [
    names(
      Object.keys(now).filter((name) => old[name] === undefined),
      "new:",
    ),
    names(
      Object.keys(old).filter((name) => now[name] === undefined),
      "gone:",
    ),
    names(
      Object.keys(now).filter(
        (name) => old[name] !== undefined && !same(old[name], now[name] ?? null),
      ),
      "different:",
    ),
  ].filter((part) => part !== "");
  return parts.length === 0
    ? "The schema of its arguments is different."
    : `Of its arguments are ${parts.join("; ")}.`;
}

function propertiesOf(schema: JsonObject): JsonObject {
  const properties = schema["properties"];
  return isJsonObject(properties) ? properties : {};
}

function same(one: JsonValue, other: JsonValue): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
}
