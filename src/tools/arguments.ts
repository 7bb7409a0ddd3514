import { Agent33Error } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { repeatedName } from "../base/repeated-name.ts";
import { err, ok, type Result } from "../base/result.ts";
import { findJsonFault, type JsonFault } from "./json-position.ts";

const contextLength = 20;

/**
 * Reads the arguments of a tool call as a model wrote them. Empty text counts as no arguments,
 * because some providers send it for tools without parameters.
 * @returns the arguments, or `tools.malformed_arguments` saying where the text is wrong
 */
export function parseArguments(argumentsText: string): Result<JsonObject> {
  if (argumentsText.trim() === "") return ok({});
  let value: JsonValue;
  try {
    value = JSON.parse(argumentsText) as JsonValue;
  } catch (cause) {
    const fault = findJsonFault(argumentsText) ?? { position: 0, expected: "simpler JSON" };
    return err(malformed(argumentsText, fault, cause));
  }
  const twice = repeatedName(argumentsText);
  if (twice !== undefined) {
    return err(
      new Agent33Error(
        "tools.malformed_arguments",
        `The arguments are ambiguous: ${JSON.stringify(twice)} stands twice in one object.`,
        { hint: "Write each name once." },
      ),
    );
  }
  if (!isFiniteJson(value)) {
    return err(
      new Agent33Error(
        "tools.malformed_arguments",
        "The arguments hold a number that is too large to be one.",
        { hint: "Write numbers between -1.7e308 and 1.7e308, or the number as a string." },
      ),
    );
  }
  if (isJsonObject(value)) return ok(value);
  return err(
    new Agent33Error(
      "tools.malformed_arguments",
      `The arguments are ${describe(value)}, not a JSON object.`,
      { hint: 'Write them as one JSON object with a property for each parameter: {"name": …}.' },
    ),
  );
}

function malformed(text: string, fault: JsonFault, cause: unknown): Agent33Error {
  const { position, expected } = fault;
  const found =
    position >= text.length
      ? "the text ends"
      : `there is ${JSON.stringify(text.slice(position, position + contextLength))}`;
  return new Agent33Error(
    "tools.malformed_arguments",
    `The arguments are not valid JSON: at character ${position + 1} ${found} where ${expected} should be.`,
    {
      hint:
        position >= text.length
          ? "Write the whole object again, shorter if it was cut off."
          : "Write one JSON object: names and strings in double quotes, line breaks as \\n, nothing before or after.",
      details: { position, expected },
      cause,
    },
  );
}

/** Whether a value can be kept: JSON can spell numbers (1e999) that nothing here can hold. */
export function isFiniteJson(value: JsonValue): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isFiniteJson);
}

function describe(value: JsonValue): string {
  if (Array.isArray(value)) return "an array";
  return value === null ? "null" : `a ${typeof value}`;
}
