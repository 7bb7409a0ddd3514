import { z } from "zod";

/**
 * Text that every backend can hold: no U+0000, which PostgreSQL refuses, and no half of a surrogate
 * pair, which no encoding can write.
 * @param min fewest UTF-16 units
 * @param max most UTF-16 units
 */
export function storableText(min: number, max: number) {
  return z
    .string({ error: ({ input }) => (input === undefined ? "Is missing" : "Must be text") })
    .min(min, {
      error: min === 1 ? "Must not be empty" : `Must have at least ${min} characters`,
      abort: true,
    })
    .max(max, {
      error: ({ input }) => tooLong(max, input),
      abort: true,
    })
    .superRefine((text, context) => {
      const problem = unstorable(text);
      if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
    });
}

/** Why a text cannot be stored, with the place, or undefined where it can. */
export function unstorable(text: string): string | undefined {
  const zero = text.indexOf("\0");
  if (zero !== -1) {
    return `Must not have the character U+0000 (at place ${zero + 1}), which databases cannot hold`;
  }
  if (text.isWellFormed()) return undefined;
  const place = Array.from(text).findIndex((character) => !character.isWellFormed());
  return `Must be well-formed Unicode; character ${place + 1} is half of a surrogate pair`;
}

/** At most `max` UTF-16 units of a text; an ellipsis tells that there was more. */
export function cutText(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`;
}

function tooLong(max: number, input: unknown): string {
  const has = typeof input === "string" ? `; it has ${input.length}` : "";
  return `Must have at most ${max} characters${has}`;
}
