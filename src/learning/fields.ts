import { z } from "zod";
import { suggestName } from "../base/nearest.ts";
import { storableText } from "./text.ts";

/** A word of a list. A wrong one is answered with the list and, if one is near, with that one. */
export function wordOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, {
    error: ({ input }) => {
      const known = `one of ${words.join(", ")}`;
      if (typeof input !== "string") return `Must be ${known}`;
      const nearest = suggestName(input, words);
      return `"${input}" is not ${known}${nearest.startsWith("Did") ? `. ${nearest}` : ""}`;
    },
  });
}

/** The last millisecond that a JavaScript date can name (ECMA-262, section 21.4.1.1). */
const lastTimeMs = 8_640_000_000_000_000;

/** Milliseconds since the Unix epoch. */
export const timeSchema = z.int().min(0).max(lastTimeMs);

/** A day, as `2026-07-31`: what people plan with has no time zone. */
export const daySchema = z.iso.date({ error: "Must be a day such as 2026-07-31" });

/** Who did something: a person's name, or that of a part of the system. */
export const actorSchema = storableText(1, 200);

/** The id of a record, made here or brought along. */
export const idSchema = storableText(1, 200);

/** Texts in their order. */
export function textsSchema(maxItems: number, maxLength: number) {
  return z.array(storableText(1, maxLength)).max(maxItems).readonly();
}

/** Ids, each once. */
export function idsSchema(maxItems: number) {
  return z
    .array(idSchema)
    .max(maxItems)
    .refine((ids) => new Set(ids).size === ids.length, { error: "Must name each id once" })
    .readonly();
}
