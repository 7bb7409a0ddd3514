import { z } from "zod";
import { parseLegacyTime } from "./legacy-time.ts";
import { storableText } from "./text.ts";

/** What a record of the Python engine says, or what is wrong with it, one line a problem. */
export type LegacyRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A record that can be taken over. */
export interface LegacyRecord<T> {
  readonly id: string;
  /** Undefined where it named none. */
  readonly tenant: string | undefined;
  readonly record: T;
  /** The record on the other side of the link between a signal and its intake. */
  readonly link: string | undefined;
  /** Whether a time in it had no time zone. */
  readonly naive: boolean;
}

/** The engine set no limits; this one only keeps out what is no text of a record. */
const maxCharacters = 1_000_000;

export const legacyIdSchema = storableText(1, 200).regex(/^\S+$/, "Must not have white space");

export const legacyTextSchema = legacyTextOf(maxCharacters);

/** Text that may be missing or null. @param max most UTF-16 units */
export function legacyTextOf(max: number) {
  return storableText(0, max)
    .nullish()
    .transform((text) => text ?? "");
}

/** A name that may be missing, empty or null. */
export const legacyNameSchema = storableText(0, 200)
  .nullish()
  .transform((text) => (text === null || text === "" ? undefined : text));

export const legacyTimeSchema = z.string().transform((text, context) => {
  const time = parseLegacyTime(text);
  if (time !== undefined) return time;
  context.addIssue({ code: "custom", message: `"${text.slice(0, 60)}" is no time since 1970` });
  return z.NEVER;
});

/** What a record has beyond the known names, so that nothing of it is dropped. */
export function extraOf(
  value: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const isExtra = ([name, content]: readonly [string, unknown]): boolean =>
    !known.has(name) && content !== null && content !== "";
  return Object.fromEntries(Object.entries(value).filter(isExtra));
}
