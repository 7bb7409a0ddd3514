import { Agent33Error } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";

/** The error for a row that is not as it was written. */
export function badRow(table: string, id: string, what: string, cause?: unknown): Agent33Error {
  return new Agent33Error("store.bad_row", `Row "${id}" of table ${table} is damaged: ${what}.`, {
    hint: "It was changed by something else or the file is damaged. `agent33 doctor` looks for more; `agent33 store recover` makes a store without it, or with the last version of it that can be found.",
    details: { table, id },
    cause,
  });
}

/** The JSON in a column. @throws Agent33Error `store.bad_row` */
export function jsonIn(table: string, id: string, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw badRow(table, id, "it has something else where JSON should be", cause);
  }
}

/** The error for a write to a store that is damaged and only read. */
export function onlyRead(path: string): Agent33Error {
  return new Agent33Error(
    "store.damaged",
    `The store ${path} is damaged, and the settings let it only be read.`,
    {
      hint: "Make it whole with `agent33 store recover`, or set store.onDamage to recover; docs/operations/recover.md says more.",
      details: { path },
    },
  );
}
