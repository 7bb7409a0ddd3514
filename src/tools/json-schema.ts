import { messageOf } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import { invalidArguments } from "./invalid-arguments.ts";
import { createObjectSchemas } from "./object-schema.ts";
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
  const compile = createObjectSchemas();
  return (toolName, schema) => {
    const make = (): ArgumentCheck => {
      try {
        const problemsOf = compile(schema, "the arguments");
        return {
          schema,
          parse: (args) => {
            if (!isJsonObject(args)) return err(notAnObject(toolName));
            const problems = problemsOf(args);
            return problems.length === 0 ? ok(args) : err(invalidArguments(toolName, problems));
          },
        };
      } catch (error) {
        return {
          schema: withoutForeignTypes(schema),
          parse: (args) => (isJsonObject(args) ? ok(args) : err(notAnObject(toolName))),
          notice: `The arguments of ${toolName} are not checked beyond being an object: its schema is not valid JSON Schema (${messageOf(error)}).`,
        };
      }
    };
    // What may be no schema has to be told of now; all else waits for the first call, if there is one.
    const { $id: _id, ...anonymous } = schema;
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

function notAnObject(toolName: string) {
  return invalidArguments(toolName, ["the arguments must be an object"]);
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
