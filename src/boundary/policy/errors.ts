import { Agent33Error, type JsonObject } from "../../base/errors.ts";

/** Every way in which a policy can be refused at start-up, and `pointless`, which lint warns of. */
export type PolicyCode =
  | "malformed_pack"
  | "unreadable_pack"
  | "unknown_pack"
  | "duplicate_pack"
  | "duplicate_rule"
  | "extends_cycle"
  | "no_pack"
  | "never_matches"
  | "shadowed"
  | "pointless";

/** A place in a pack file; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
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
