import { z } from "zod";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { isJsonObject, toJsonValue } from "../../base/json.ts";
import { matchKeys } from "./keys.ts";
import { packSchema } from "./schema.ts";

/**
 * The form of a pack as JSON Schema, for editors. It is made of the schema that the loader parses
 * with, so that they cannot differ; names that the loader looks up (packs, facts in conditions) are
 * text here.
 */
export function packJsonSchema(): JsonObject {
  const made = z.toJSONSchema(packSchema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      // One value stands for a list of one, which the loader makes of it before it looks.
      if (!(zodSchema instanceof z.ZodPipe) || jsonSchema.type !== "array") return;
      const { items } = jsonSchema;
      delete jsonSchema.type;
      delete jsonSchema.items;
      if (items !== undefined && typeof items === "object" && !Array.isArray(items)) {
        jsonSchema.anyOf = [items, { type: "array", items, minItems: 1 }];
      }
    },
  });
  const schema = described(toJsonValue(made));
  if (!isJsonObject(schema)) throw new TypeError("the schema of a pack is no object");
  return {
    ...schema,
    title: "AGENT-33 policy pack",
    description: "Rules about the calls that leave the process; see docs/policy/packs.md.",
  };
}

/** With the meaning of every key of a match, wherever matches stand. */
function described(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(described);
  if (!isJsonObject(value)) return value;
  const inside = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, part === undefined ? null : described(part)]),
  );
  const { properties } = inside;
  if (!isJsonObject(properties) || !isJsonObject(properties["toolDigest"])) return inside;
  const meanings = matchKeys.map(({ name, meaning }) => {
    const key = properties[name];
    return [name, isJsonObject(key) ? { description: meaning, ...key } : {}] as const;
  });
  return { ...inside, properties: Object.fromEntries(meanings) };
}
