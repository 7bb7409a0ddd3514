import { Agent33Error } from "../../base/errors.ts";
import type { SqlValue } from "../program.ts";

/** Type ids of PostgreSQL's catalogue (`pg_type.oid`); they never change. */
const types = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, float4: 700, float8: 701 };
const numeric = 1700;

/**
 * How a column's text becomes the value that SQLite would have given: numbers as numbers, truth as
 * 0 or 1, all else as text.
 */
export function parserOf(typeId: number): (text: string) => SqlValue {
  switch (typeId) {
    case types.int8:
    case types.int4:
    case types.int2:
      return safeInteger;
    case types.float4:
    case types.float8:
      return Number;
    case numeric:
      return (text) => (/^-?\d+$/.test(text) ? safeInteger(text) : Number(text));
    case types.bool:
      return (text) => (text === "t" ? 1 : 0);
    case types.bytea:
      // The server sends bytes as `\x` and hexadecimal digits.
      return (text) => Buffer.from(text.slice(2), "hex");
    default:
      return String;
  }
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new Agent33Error("store.failed", `The store holds the integer ${text}.`, {
    hint: "It is beyond what this program counts to (2^53 - 1). Please report where it comes from.",
  });
}

/**
 * Refuses what PostgreSQL would not store as it is: the driver writes an object as JSON and a Date
 * in local time, and turns half of a surrogate pair into U+FFFD, all without a word.
 * @throws Agent33Error `store.bad_parameter`
 */
export function checkParameters(parameters: readonly unknown[]): readonly SqlValue[] {
  for (const [index, value] of parameters.entries()) {
    const fault = faultOf(value);
    if (fault === undefined) continue;
    throw new Agent33Error("store.bad_parameter", `SQL parameter ${index + 1} is ${fault}.`, {
      hint: "Pass a string, a finite number, a bigint, null or bytes; write the rest as JSON text.",
    });
  }
  return parameters as readonly SqlValue[];
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === "string") {
    if (value.includes("\0")) return "a text with the character U+0000";
    return value.isWellFormed() ? undefined : "a text with half of a surrogate pair";
  }
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `the number ${value}`;
  if (typeof value === "bigint" || value === null || value instanceof Uint8Array) return undefined;
  return `a ${typeof value === "object" ? (value.constructor?.name ?? "object") : typeof value}`;
}
