import type { Random } from "../../../src/base/random.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/base/json.ts";

/** Draws from a list. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[Math.floor(random.next() * from.length)];
  if (found === undefined && from.length === 0)
    throw new TypeError("there is nothing to draw from");
  return found as T;
}

/** Texts that break what was written for polite ones. */
const oddTexts: readonly string[] = [
  "",
  " ",
  "x",
  "a".repeat(5_000),
  "../../etc/passwd",
  "/etc/passwd",
  "%2e%2e%2f",
  "' OR 1=1 --",
  "\u0000",
  "\ud800",
  "🦓".repeat(200),
  "__proto__",
  "constructor",
  "null",
  "-1",
  "1e309",
  "${jndi:ldap://x}",
  "line\r\nset-cookie: a=b",
  "\u202egnp",
];

const oddValues: readonly JsonValue[] = [
  null,
  true,
  0,
  -1,
  1e308,
  0.1,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  [[[[]]]],
  { constructor: { prototype: 1 } },
  ...oddTexts,
];

/** What fits into places that name something, besides what is generated. */
export type Names = () => string;

/**
 * A value of a JSON Schema. It mostly fits: what a pattern or a refinement wants besides is not
 * always met.
 */
export function valueOf(
  schema: JsonObject,
  schemas: JsonObject,
  random: Random,
  names: Names,
  depth = 0,
): JsonValue {
  const again = (part: JsonValue | undefined): JsonValue =>
    isJsonObject(part) ? valueOf(part, schemas, random, names, depth + 1) : null;
  const { $ref, anyOf, oneOf, type } = schema;
  if (typeof $ref === "string") return again(schemas[$ref.split("/").at(-1) ?? ""]);
  if (Array.isArray(schema["enum"])) return pick(random, schema["enum"]);
  if (schema["const"] !== undefined) return schema["const"];
  if (depth > 5) return null;
  for (const some of [anyOf, oneOf]) if (Array.isArray(some)) return again(pick(random, some));
  switch (typeof type === "string" ? type : "") {
    case "object":
      return objectOf(schema, random, again);
    case "array":
      return Array.from({ length: Math.floor(random.next() * 3) }, () => again(schema["items"]));
    case "integer":
      return pick(random, [lowest(schema), lowest(schema) + 1, 7]);
    case "number":
      return random.next() * 10;
    case "boolean":
      return random.next() < 0.5;
    case "string":
      return textOf(schema, random, names);
    default:
      return pick(random, ["x", 1, null, { a: [1] }]);
  }
}

function objectOf(
  schema: JsonObject,
  random: Random,
  again: (part: JsonValue | undefined) => JsonValue,
): JsonValue {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const needed = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => needed.has(name) || random.next() < 0.4)
      .map(([name, part]) => [name, again(part)]),
  );
}

function lowest({ minimum, exclusiveMinimum }: JsonObject): number {
  if (typeof exclusiveMinimum === "number") return exclusiveMinimum + 1;
  return typeof minimum === "number" && minimum > -1e9 ? minimum : 1;
}

function textOf({ format, minLength }: JsonObject, random: Random, names: Names): string {
  if (format === "base64" || format === "byte") {
    return Buffer.from(pick(random, ["", "PK\u0003\u0004", "text", names()])).toString("base64");
  }
  const text = random.next() < 0.7 ? names() : pick(random, oddTexts);
  return text.padEnd(typeof minLength === "number" ? minLength : 0, "x");
}

/** The same with something in it that does not fit. */
export function broken(value: JsonValue, random: Random): JsonValue {
  if (!isJsonObject(value) || random.next() < 0.2) return pick(random, oddValues);
  const names = Object.keys(value);
  const draw = random.next();
  if (draw < 0.2 || names.length === 0) return { ...value, [pick(random, oddTexts)]: 1 };
  const name = pick(random, names);
  if (draw < 0.4) return Object.fromEntries(Object.entries(value).filter(([one]) => one !== name));
  return { ...value, [name]: broken(value[name] ?? null, random) };
}

/** A text where a name is wanted. */
export function oddText(random: Random): string {
  return pick(random, oddTexts);
}
