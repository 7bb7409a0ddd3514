import { Agent33Error, type ErrorData, type JsonValue, toAgent33Error } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";

/** Whatever a body or a workflow threw, as it is kept in the journal. */
export function failureData(error: unknown): JsonValue {
  return toJsonValue(toAgent33Error(error).toJSON());
}

/**
 * The error that journal data stands for. The first execution throws it too, instead of the
 * original, so that a workflow cannot tell a replay from the first time.
 */
export function failureFrom(data: JsonValue): Agent33Error {
  // Written by failureData and by nothing else.
  const { code, message, hint, retryable, details, cause } = data as unknown as ErrorData;
  return new Agent33Error(code, message, {
    ...(hint === undefined ? {} : { hint }),
    retryable,
    ...(details === undefined ? {} : { details }),
    ...(cause === undefined ? {} : { cause }),
  });
}
