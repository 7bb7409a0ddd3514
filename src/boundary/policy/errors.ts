import { Agent33Error, type JsonObject } from "../../base/errors.ts";

/** Every way in which a policy can be refused, and what the tools around policies tell. */
export type PolicyCode =
  | "malformed_pack"
  | "malformed_condition"
  | "unreadable_pack"
  | "unknown_pack"
  | "duplicate_pack"
  | "duplicate_rule"
  | "unknown_rule"
  | "extends_cycle"
  | "no_pack"
  | "never_matches"
  | "shadowed"
  | "pointless"
  | "malformed_test";

/** A place in a pack file; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong with a file, and where. */
export interface Fault {
  /** Where it is not what is usually wrong with such a file. */
  readonly code?: PolicyCode;
  readonly at: Position;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

/** All that is wrong with a file, the most telling first. */
export type Faults = readonly [Fault, ...(readonly Fault[])];

/** The first fault as an error that says how many more there are. */
export function firstFault(code: PolicyCode, [first, ...others]: Faults): Agent33Error {
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return policyError(first.code ?? code, first.at, first.message + more, first.hint, first.cause);
}

/** `file:line:column`; what has no file came from the settings. */
export function placeOf(at: Position | undefined): string {
  return at === undefined ? "settings" : `${at.file}:${at.line}:${at.column}`;
}

/** An error with code `policy.<code>` whose message begins with the place. */
export function policyError(
  code: PolicyCode,
  at: Position | undefined,
  message: string,
  hint: string,
  cause?: unknown,
): Agent33Error {
  const details: JsonObject =
    at === undefined ? {} : { file: at.file, line: at.line, column: at.column };
  return new Agent33Error(`policy.${code}`, `${placeOf(at)}: ${message}`, { hint, details, cause });
}
