import { type Agent33Error, toAgent33Error } from "./errors.ts";

/** A value or a typed error, for callers that want failure as data. */
export type Result<T, E = Agent33Error> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function err<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/** The value, or throws the error that the result holds. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw result.error;
}

/** Runs a function that may throw and gives its outcome as data. */
export function attempt<T>(run: () => T): Result<T> {
  try {
    return ok(run());
  } catch (error) {
    return err(toAgent33Error(error));
  }
}
