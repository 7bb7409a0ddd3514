import { attempt } from "../base/result.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";

export const jsonTypes: readonly JsonValue[] = [
  "string",
  "number",
  "integer",
  "boolean",
  "object",
  "array",
  "null",
];

type Check = (value: JsonValue, root: JsonObject, depth: number) => boolean;

/** Deeper ones are left to who makes checks of them. */
const deepest = 32;

const anything: Check = () => true;
const aNumber: Check = (value) => typeof value === "number";
const aText: Check = (value) => typeof value === "string";
const aBoolean: Check = (value) => typeof value === "boolean";
const aSchema: Check = (value, root, depth) =>
  typeof value === "boolean" || (isJsonObject(value) && isPlain(value, root, depth + 1));
const listOf =
  (check: Check): Check =>
  (value, root, depth) =>
    Array.isArray(value) && value.length > 0 && value.every((item) => check(item, root, depth));
const tableOf =
  (check: Check): Check =>
  (value, root, depth) =>
    isJsonObject(value) && Object.values(value).every((item) => check(item, root, depth));

/** The part of JSON Schema that tools are described with. */
const keywords: Readonly<Record<string, Check>> = {
  $comment: aText,
  $defs: tableOf(aSchema),
  $ref: (value, root) => typeof value === "string" && leadsSomewhere(value, root),
  additionalProperties: aSchema,
  allOf: listOf(aSchema),
  anyOf: listOf(aSchema),
  const: anything,
  default: anything,
  definitions: tableOf(aSchema),
  deprecated: anything,
  description: aText,
  enum: listOf(anything),
  examples: anything,
  exclusiveMaximum: aNumber,
  exclusiveMinimum: aNumber,
  format: aText,
  items: aSchema,
  maxItems: aNumber,
  maxLength: aNumber,
  maximum: aNumber,
  minItems: aNumber,
  minLength: aNumber,
  minimum: aNumber,
  multipleOf: aNumber,
  not: aSchema,
  oneOf: listOf(aSchema),
  pattern: (value) => typeof value === "string" && attempt(() => new RegExp(value, "u")).ok,
  properties: tableOf(aSchema),
  readOnly: anything,
  required: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  title: aText,
  type: (value) =>
    jsonTypes.includes(value) || listOf((one) => jsonTypes.includes(one))(value, {}, 0),
  uniqueItems: aBoolean,
  writeOnly: anything,
};

/**
 * Whether a JSON Schema is surely one that a check can be made from. It says no to many that are too,
 * but it is some hundred times cheaper than making the check.
 */
export function isPlainSchema(schema: JsonObject): boolean {
  return isPlain(schema, schema, 0);
}

function isPlain(schema: JsonObject, root: JsonObject, depth: number): boolean {
  if (depth > deepest) return false;
  return Object.entries(schema).every(([name, value]) => {
    if (name === "$schema") return depth === 0 && typeof value === "string" && dialect.test(value);
    return Object.hasOwn(keywords, name) && keywords[name]?.(value, root, depth) === true;
  });
}

/** In those that tools are described in these keywords are the same. */
const dialect =
  /^(?:https:\/\/json-schema\.org\/draft\/2020-12\/schema|http:\/\/json-schema\.org\/draft-0[67]\/schema)#?$/;

/** A reference to a definition of the same schema. */
function leadsSomewhere(reference: string, root: JsonObject): boolean {
  const [, table = "", name = ""] = /^#\/(\$defs|definitions)\/([\w.-]+)$/.exec(reference) ?? [];
  const definitions = root[table];
  return isJsonObject(definitions) && isJsonObject(definitions[name]);
}
