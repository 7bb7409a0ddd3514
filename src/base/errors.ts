/** Anything that can stand in a JSON document. */
export type JsonPrimitive = string | number | boolean | null;
export type JsonValue =
  | JsonPrimitive
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** What an error says when it is written to a log, an API answer or a terminal. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retryable: boolean;
  readonly details?: JsonObject;
  readonly cause?: string;
}

export interface Agent33ErrorOptions {
  /** What the reader can do about it, as an instruction. */
  readonly hint?: string;
  /** Whether the same request may succeed later without a change. Default false. */
  readonly retryable?: boolean;
  /** Facts for programs: file, line, field, limit. Never secrets. */
  readonly details?: JsonObject;
  readonly cause?: unknown;
}

const brand = Symbol.for("agent33.error");

/**
 * The one error class. `code` is stable and has the form `<room>.<name>`, so that a program can
 * branch on it; `message` says what was wrong and where; `hint` says what to do.
 * A brand, not `instanceof`, identifies it, because two copies of the package may meet in one process.
 */
export class Agent33Error extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: JsonObject | undefined;
  readonly [brand] = true;

  constructor(code: string, message: string, options: Agent33ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Agent33Error";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
  }

  /** The error as plain data, for logs, events and API answers. */
  toJSON(): ErrorData {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      retryable: this.retryable,
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.cause === undefined ? {} : { cause: messageOf(this.cause) }),
    };
  }
}

/** An error again, of what was written of it. Its cause was a message by then, and stays out. */
export function errorOfData({ code, message, hint, retryable, details }: ErrorData): Agent33Error {
  return new Agent33Error(code, message, {
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  });
}

/** Whether a caught value is an {@link Agent33Error}, whichever copy of the package made it. */
export function isAgent33Error(value: unknown): value is Agent33Error {
  return typeof value === "object" && value !== null && brand in value;
}

/** The message of anything that was thrown. */
export function messageOf(value: unknown): string {
  return value instanceof Error ? value.message : String(value);
}

/** The `code` that Node gives its system errors (`ENOENT`, `ENOSPC`, …), if there is one. */
export function systemCodeOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("code" in value)) return undefined;
  return typeof value.code === "string" ? value.code : undefined;
}

/** Any thrown value as an {@link Agent33Error}; what is not one already is an internal fault. */
export function toAgent33Error(value: unknown): Agent33Error {
  if (isAgent33Error(value)) return value;
  return new Agent33Error("internal.unexpected", messageOf(value), {
    hint: "This is a fault in AGENT-33 itself. Please report it with the run's log.",
    cause: value,
  });
}

/** Makes the compiler prove that a `switch` has no case left over. */
export function unreachable(value: never): never {
  throw new Agent33Error("internal.unreachable", `Unexpected value: ${JSON.stringify(value)}`);
}
