import type { BoundaryError } from "./errors.ts";
import type { ClosedCall } from "./ports.ts";
import type { CallOutcome, CallRecord } from "./types.ts";

/** What `tryCall` says of a call that was answered. Its record is made when it is read. */
class Succeeded<O> {
  readonly ok = true;
  readonly value: O;
  readonly #call: ClosedCall;

  constructor(value: O, call: ClosedCall) {
    this.value = value;
    this.#call = call;
  }

  get record(): CallRecord {
    return this.#call.record();
  }
}

/** What `tryCall` says of any other call. */
class Failed {
  readonly ok = false;
  readonly error: BoundaryError;
  readonly #call: ClosedCall;

  constructor(error: BoundaryError, call: ClosedCall) {
    this.error = error;
    this.#call = call;
  }

  get record(): CallRecord {
    return this.#call.record();
  }
}

/** How a call ended, as data. */
export function outcomeOf<O>(
  error: BoundaryError | undefined,
  value: O,
  call: ClosedCall,
): CallOutcome<O> {
  return error === undefined ? new Succeeded(value, call) : new Failed(error, call);
}
