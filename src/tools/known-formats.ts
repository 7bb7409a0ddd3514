import { addFormats } from "@modelcontextprotocol/client/validators/ajv";
import { attempt } from "../base/result.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";

/** Keywords whose values are data, and no schemas. */
const dataKeywords: readonly string[] = ["const", "default", "enum", "examples"];

/** Keywords whose values are tables of schemas, under names of any kind. */
const tableKeywords: readonly string[] = [
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "patternProperties",
  "properties",
];

/**
 * A JSON Schema without the formats that nothing here can check. By JSON Schema 2020-12, section 7.2.3
 * of its validation part, those are remarks; the engine would write about each to the console.
 */
export function withKnownFormats(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => key !== "format" || typeof value !== "string" || isKnown(value))
      .map(([key, value]) => [key, partOf(key, value)]),
  );
}

function partOf(key: string, value: JsonValue): JsonValue {
  if (dataKeywords.includes(key)) return value;
  if (!tableKeywords.includes(key)) return inner(value);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
}

function inner(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(inner);
  return isJsonObject(value) ? withKnownFormats(value) : value;
}

const known = new Map<string, boolean>();

function isKnown(format: string): boolean {
  const answer = known.get(format) ?? attempt(() => addFormats.get(format as "date")).ok;
  // Names come from outside: no more of them are remembered than there are known ones by far.
  if (known.size < 1_000) known.set(format, answer);
  return answer;
}
