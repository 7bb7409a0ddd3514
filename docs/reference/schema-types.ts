import { isJsonObject, type JsonObject, type JsonValue } from "../../src/base/json.ts";

/** Who writes values of a form: what is left out may be said to be undefined by a caller. */
type Side = "input" | "output";

/**
 * A JSON schema as a TypeScript type. It knows the words that the API's document uses, and refuses
 * others: a type that says less than the document would be found by nobody.
 * @param indent what stands before the line that the type begins on
 */
export function typeOf(schema: JsonValue | undefined, indent = "", side: Side = "output"): string {
  if (schema === undefined || schema === true) return "unknown";
  if (schema === false) return "never";
  if (!isJsonObject(schema)) throw new Error(`This is no schema: ${JSON.stringify(schema)}`);
  const { $ref, type, anyOf, oneOf, allOf } = schema;
  if (typeof $ref === "string") return nameIn($ref);
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  if (Array.isArray(schema["enum"])) {
    return schema["enum"].map((one: JsonValue) => JSON.stringify(one)).join(" | ");
  }
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(alternatives)) return union(alternatives, indent, side);
  if (Array.isArray(allOf)) {
    return allOf.map((one: JsonValue) => `(${typeOf(one, indent, side)})`).join(" & ");
  }
  if (Array.isArray(type)) {
    return union(
      type.map((one: JsonValue) => ({ ...schema, type: one })),
      indent,
      side,
    );
  }
  return plainType(schema, indent, side);
}

function plainType(schema: JsonObject, indent: string, side: Side): string {
  const { type } = schema;
  if (type === undefined) return "unknown";
  if (type === "array") return arrayType(schema, indent, side);
  if (type === "object") return objectType(schema, indent, side);
  const plain = typeof type === "string" ? plainTypes[type] : undefined;
  if (plain === undefined) {
    throw new Error(`The client does not know this form: ${JSON.stringify(schema)}`);
  }
  return plain;
}

const plainTypes: Readonly<Record<string, string>> = {
  boolean: "boolean",
  integer: "number",
  null: "null",
  number: "number",
  string: "string",
};

function union(schemas: readonly JsonValue[], indent: string, side: Side): string {
  const types = [...new Set(schemas.map((one) => typeOf(one, `${indent}  `, side)))];
  const isLong = types.some((one) => one.includes("\n")) && types.length > 2;
  return isLong ? types.map((one) => `\n${indent}  | ${one}`).join("") : types.join(" | ");
}

function arrayType(schema: JsonObject, indent: string, side: Side): string {
  const { prefixItems, items } = schema;
  if (Array.isArray(prefixItems)) {
    const parts = prefixItems.map((one: JsonValue) => typeOf(one, indent, side));
    return `readonly [${parts.join(", ")}]`;
  }
  return `readonly ${inner(typeOf(items, indent, side))}[]`;
}

/** A type where an array of it is meant. */
function inner(type: string): string {
  return /^[\w.]+$|^\{[^|&]*\}$/.test(type) ? type : `(${type})`;
}

function objectType(schema: JsonObject, indent: string, side: Side): string {
  const properties = Object.entries((schema["properties"] ?? {}) as JsonObject);
  const { required, additionalProperties } = schema;
  const needed = new Set(Array.isArray(required) ? required : []);
  const isOpen = additionalProperties !== undefined && additionalProperties !== false;
  const others = isOpen ? typeOf(orAnything(additionalProperties), indent, side) : undefined;
  if (properties.length === 0) {
    return others === undefined
      ? "Record<string, never>"
      : `{ readonly [name: string]: ${others} }`;
  }
  const deeper = `${indent}  `;
  const members = properties.map(([name, field]) => {
    const { description } = isJsonObject(field) ? field : {};
    const words = typeof description === "string" && description !== "" ? description : undefined;
    const said = words === undefined ? "" : `${deeper}/** ${words.replaceAll("*/", "*\\/")} */\n`;
    const optional = !needed.has(name);
    const type = typeOf(field, deeper, side);
    const orNone = optional && side === "input" && type !== "unknown" ? " | undefined" : "";
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `${said}${deeper}readonly ${key}${optional ? "?" : ""}: ${type}${orNone};\n`;
  });
  const open = isOpen ? `${deeper}readonly [name: string]: unknown;\n` : "";
  return `{\n${members.join("")}${open}${indent}}`;
}

/** \`{}\` and \`true\` are any value. */
function orAnything(schema: JsonValue | undefined): JsonValue {
  return isJsonObject(schema) && Object.keys(schema).length === 0 ? true : (schema ?? true);
}

/** The name that a reference to a component leads to. */
function nameIn(reference: string): string {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
