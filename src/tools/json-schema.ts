import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { messageOf } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import { invalidArguments } from "./invalid-arguments.ts";
import { isPlainSchema, jsonTypes } from "./plain-schema.ts";

/** A check of arguments that was made from a JSON Schema from outside. */
export interface ArgumentCheck {
  /** The arguments unchanged, or `tools.invalid_arguments`. Defaults are not filled in. */
  parse(args: unknown): Result<JsonObject>;
  /** The schema to show to models: what no JSON Schema may hold is taken out of it. */
  readonly schema: JsonObject;
  /** Set where the schema cannot be used and only "is an object" is checked. */
  readonly notice?: string;
}

/**
 * Makes checks from the schemas of one source. Each source gets a compiler of its own, so that
 * equal `$id`s of two of them cannot meet. Of thousands of tools a run calls a few, so a check is made
 * when it is first needed. Dialects: JSON Schema 2020-12 (assumed), 2019-09, 07, 06.
 */
export function createSchemaCompiler(): (toolName: string, schema: JsonObject) => ArgumentCheck {
  const engine = new AjvJsonSchemaValidator();
  return (toolName, schema) => {
    // With an id, the engine would answer with an earlier schema of the same id.
    const { $id: _id, ...anonymous } = schema;
    const make = (): ArgumentCheck => {
      try {
        const validate = engine.getValidator<JsonObject>(anonymous);
        return { schema, parse: (args) => check(toolName, anonymous, validate, args) };
      } catch (error) {
        return {
          schema: withoutForeignTypes(schema),
          parse: (args) => (isJsonObject(args) ? ok(args) : err(notAnObject(toolName))),
          notice: `The arguments of ${toolName} are not checked beyond being an object: its schema is not valid JSON Schema (${messageOf(error)}).`,
        };
      }
    };
    // What may be no schema has to be told of now; all else waits for the first call, if there is one.
    if (!isPlainSchema(anonymous)) return make();
    let made: ArgumentCheck | undefined;
    return {
      schema,
      parse: (args) => {
        made ??= make();
        return made.parse(args);
      },
    };
  };
}

function check(
  toolName: string,
  schema: JsonObject,
  validate: (input: unknown) => {
    readonly valid: boolean;
    readonly errorMessage?: string | undefined;
  },
  args: unknown,
): Result<JsonObject> {
  if (!isJsonObject(args)) return err(notAnObject(toolName));
  const verdict = validate(args);
  if (verdict.valid) return ok(args);
  const problems = (verdict.errorMessage ?? "they do not fit")
    .split(/, (?=data[ /])/)
    .map((problem) => explain(problem, schema, args));
  return err(invalidArguments(toolName, [...new Set(problems)]));
}

function notAnObject(toolName: string) {
  return invalidArguments(toolName, ["the arguments must be an object"]);
}

/** The engine's sentence with the field's name for its path, and with what it leaves out. */
function explain(problem: string, schema: JsonObject, args: JsonObject): string {
  const [, path = "", says = problem] = /^data(\/\S*)? (.*)$/s.exec(problem) ?? [];
  const steps = path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const field = steps.length === 0 ? "the arguments" : steps.join(".");
  const part = schemaAt(schema, steps);
  const allowed = part?.["enum"];
  if (says.endsWith("allowed values") && Array.isArray(allowed)) {
    return `${field} must be one of ${allowed.map((value) => JSON.stringify(value)).join(", ")}`;
  }
  if (says.endsWith("must NOT have additional properties")) {
    const known = Object.keys(isJsonObject(part?.["properties"]) ? part["properties"] : {});
    const value = steps.reduce<JsonValue | undefined>(child, args);
    const unknown = Object.keys(isJsonObject(value) ? value : {}).filter(
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

/** Providers refuse a whole request for one word such as `Optional[str]` where a type stands. */
function withoutForeignTypes(schema: JsonObject): JsonObject {
  const clean = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(clean);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, item]) => key !== "type" || isTypeKeyword(item))
        .map(([key, item]) => [key, clean(item)]),
    );
  };
  return { ...(clean(schema) as JsonObject), type: "object" };
}

function isTypeKeyword(value: JsonValue): boolean {
  if (typeof value === "string") return jsonTypes.includes(value);
  if (Array.isArray(value)) return value.every((item) => isTypeKeyword(item));
  // An object here is a property that happens to be called "type".
  return isJsonObject(value);
}
