import { z } from "zod";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import { settingsSchema } from "./schema.ts";

/** One setting: a place in the schema that holds a value of its own. */
export interface Leaf {
  readonly path: readonly string[];
  /** `limits.maxSteps` */
  readonly name: string;
  /** `AGENT33_LIMITS_MAX_STEPS` */
  readonly environmentName: string;
  readonly kind: "string" | "number" | "boolean" | "list" | "json";
  readonly description: string;
}

function environmentNameOf(path: readonly string[]): string {
  const words = path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `AGENT33_${words.join("_")}`;
}

function kindOf(schema: JsonObject): Leaf["kind"] {
  if (schema["type"] === "array") return "list";
  if (schema["type"] === "object") return "json";
  if (schema["type"] === "boolean") return "boolean";
  return schema["type"] === "integer" || schema["type"] === "number" ? "number" : "string";
}

function collect(schema: JsonObject, path: readonly string[]): readonly Leaf[] {
  const properties = schema["properties"];
  if (!isJsonObject(properties)) {
    const description = schema["description"];
    return [
      {
        path,
        name: path.join("."),
        environmentName: environmentNameOf(path),
        kind: kindOf(schema),
        description: typeof description === "string" ? description : "",
      },
    ];
  }
  return Object.entries(properties).flatMap(([key, value]) =>
    isJsonObject(value) ? collect(value, [...path, key]) : [],
  );
}

/** All settings, in the order of the schema. Read off the schema itself, so that none is forgotten. */
export const leaves: readonly Leaf[] = collect(
  z.toJSONSchema(settingsSchema, { io: "input" }) as JsonObject,
  [],
);
