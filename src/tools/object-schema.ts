import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { createBoundedValidator } from "./bounded-validator.ts";

/** What keeps a value from fitting, one sentence each; empty where it fits. */
export type ObjectProblems = (value: unknown) => readonly string[];

/**
 * Makes checks of objects from JSON Schemas: 2020-12 (assumed), 2019-09, 07, 06.
 * @returns a maker that takes a schema and the words for a whole value ("the arguments"); it throws
 * what the engine throws where the schema is none
 */
export function createObjectSchemas(): (schema: JsonObject, whole: string) => ObjectProblems {
  const engine = createBoundedValidator();
  return ({ $id: _id, ...schema }, whole) => {
    // With an id, the engine would answer with an earlier schema of the same id.
    const validate = engine.getValidator<JsonObject>(schema);
    return (value) => {
      if (!isJsonObject(value)) return [`${whole} must be an object`];
      const verdict = validate(value);
      if (verdict.valid) return [];
      const problems = (verdict.errorMessage ?? `${whole} must fit the schema`)
        .split(/, (?=data[ /])/)
        .map((problem) => explain(problem, schema, whole, value));
      return [...new Set(problems)];
    };
  };
}

/** The engine's sentence with the field's name for its path, and with what it leaves out. */
function explain(problem: string, schema: JsonObject, whole: string, value: JsonObject): string {
  const [, path = "", says = problem] = /^data(\/\S*)? (.*)$/s.exec(problem) ?? [];
  const steps = path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const field = steps.length === 0 ? whole : steps.join(".");
  const part = schemaAt(schema, steps);
  const allowed = part?.["enum"];
  if (says.endsWith("allowed values") && Array.isArray(allowed)) {
    return `${field} must be one of ${allowed.map((value) => JSON.stringify(value)).join(", ")}`;
  }
  if (says.endsWith("must NOT have additional properties")) {
    const known = Object.keys(isJsonObject(part?.["properties"]) ? part["properties"] : {});
    const inner = steps.reduce<JsonValue | undefined>(child, value);
    const unknown = Object.keys(isJsonObject(inner) ? inner : {}).filter(
      (name) => !known.includes(name),
    );
    return `${field} must not have ${unknown.map((name) => `"${name}"`).join(", ")} (known: ${known.join(", ")})`;
  }
  return `${field} ${says}`;
}

function child(value: JsonValue | undefined, step: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, step)
    ? (value as Readonly<Record<string, JsonValue>>)[step]
    : undefined;
}

/** The part of a schema that describes a value, as far as plain properties and items lead there. */
function schemaAt(schema: JsonObject, steps: readonly string[]): JsonObject | undefined {
  let part: JsonValue | undefined = schema;
  for (const step of steps) {
    part = child(child(part, "properties"), step) ?? child(part, "items");
  }
  return isJsonObject(part) ? part : undefined;
}
