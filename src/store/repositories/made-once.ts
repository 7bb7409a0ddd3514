import { digestOf, sha256 } from "../../base/digest.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";

/** How somebody asks that something be made no more than once. */
export interface OnceOptions {
  /** The same key again gives what was made under it. */
  readonly key?: string | undefined;
}

/** The id that a record gets. */
export interface NewId {
  readonly id: string;
  /** With a key: how the ids of all that could be made under it begin. */
  readonly beginning?: string;
}

/**
 * The id of a record that is made. Under a key it is a UUID of version 8 (RFC 9562, section 5.8):
 * 60 bits of the key's digest, then 60 bits of the request's, so that the record itself says under
 * which key and for which contents it was made, and nothing is kept beside it.
 * @param prefix `RI`
 */
export function newId(
  prefix: string,
  ids: IdSource,
  { key }: OnceOptions,
  request: unknown,
): NewId {
  if (key === undefined) return { id: `${prefix}-${ids()}` };
  const of = sha256(key);
  const what = digestOf(request);
  const beginning = `${prefix}-${of.slice(0, 8)}-${of.slice(8, 12)}-8${of.slice(12, 15)}-`;
  return { id: `${beginning}8${what.slice(0, 3)}-${what.slice(3, 15)}`, beginning };
}

/** The error for a key under which something else was made. */
export function keyReused(noun: string, id: string): Agent33Error {
  return new Agent33Error(
    "learning.key_reused",
    `Under this key another ${noun} was made already: ${id}.`,
    { hint: "Use a new key for new contents.", details: { id } },
  );
}
