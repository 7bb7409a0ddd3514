import type { jsonSchemaValidator, JsonSchemaValidatorResult } from "@modelcontextprotocol/client";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import type { JsonObject } from "../base/json.ts";
import { inTimeBox } from "../base/time-box.ts";
import { withKnownFormats } from "./known-formats.ts";

/** Honest checks take some microseconds, also on a machine that has much else to do. */
const limitMs = 500;

/**
 * Checks values by JSON Schemas from outside. One pattern in such a schema could keep a check, and
 * the whole process with it, busy for hours: a check that takes too long is broken off, and the
 * value counts as one that does not fit.
 */
export function createBoundedValidator(): jsonSchemaValidator {
  const engine = new AjvJsonSchemaValidator();
  return {
    getValidator: <T>(schema: Parameters<jsonSchemaValidator["getValidator"]>[0]) => {
      const validate = engine.getValidator<T>(withKnownFormats(schema as JsonObject));
      return (value: unknown): JsonSchemaValidatorResult<T> =>
        inTimeBox(limitMs, () => validate(value))?.value ?? {
          valid: false,
          data: undefined,
          errorMessage: `data took longer than ${limitMs} ms to be checked: a pattern of the schema is too hard for it`,
        };
    },
  };
}
