import { readFileSync } from "node:fs";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, toJsonValue } from "../base/json.ts";
import type { Fault } from "../boundary/policy/errors.ts";

/**
 * The text of a file.
 * @param code of the error where it cannot be read
 * @param called `The gates file`
 * @throws Agent33Error with the code
 */
export function textOfFile(code: string, called: string, path: string, hint: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const message = `${called} ${path} cannot be read: ${messageOf(cause)}`;
    throw new Agent33Error(code, message, { hint, cause });
  }
}

/** All that is wrong with a file as one error, each with its line. */
export function malformedFile(code: string, faults: readonly Fault[], hint: string): Agent33Error {
  const lines = faults.map(({ at, message }) => `${at.file}:${at.line}:${at.column}: ${message}`);
  const [first] = faults;
  return new Agent33Error(code, lines.join("\n"), {
    hint: first?.hint ?? hint,
    details: { line: first?.at.line ?? 1, faults: faults.length },
    cause: first?.cause,
  });
}

/** A schema as JSON Schema, for editors. */
export function jsonSchemaOf(schema: z.ZodType, title: string, description: string): JsonObject {
  const made = toJsonValue(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  if (!isJsonObject(made)) throw new TypeError(`the schema of ${title} is no object`);
  return { ...made, title, description };
}

/** The keys that a JSON Schema knows at a place of its values. */
export function keysAt(schema: JsonObject, path: readonly PropertyKey[]): readonly string[] {
  let part: JsonValue | undefined = schema;
  for (const step of path) {
    if (!isJsonObject(part)) return [];
    const properties: JsonValue | undefined = part["properties"];
    const inside: JsonValue | undefined = isJsonObject(properties)
      ? properties[String(step)]
      : undefined;
    part = inside ?? part["items"] ?? part["additionalProperties"];
  }
  return isJsonObject(part) && isJsonObject(part["properties"])
    ? Object.keys(part["properties"])
    : [];
}
