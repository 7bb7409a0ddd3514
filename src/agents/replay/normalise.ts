import { insideOf, outsideMarks, withoutUnseen } from "../../base/outside.ts";
import { relocate, type Relocation } from "./relocation.ts";

/**
 * What is known to differ each time that the same is done: names made of chance, times, and where
 * the files lie. Each becomes a word in angle brackets. Ids are numbered by their first place, so
 * that two that were the same stay so, and two that were not do too.
 */
export function normalise(text: string, moved: Relocation | undefined): string {
  const placed = moved === undefined ? text : relocate(text, { from: moved.to, to: moved.from });
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    const known = ids.get(id.toLowerCase()) ?? `<id ${ids.size + 1}>`;
    ids.set(id.toLowerCase(), known);
    return known;
  };
  return varying
    .reduce((before, [pattern, word]) => before.replace(pattern, word), placed)
    .replace(uuid, idOf);
}

/**
 * Two results as they are held against each other. Before a version that logs do not name, what
 * strangers wrote had no marks around it: then only what stands between them now counts.
 */
export function comparable(
  before: string,
  now: string,
  moved: Relocation | undefined,
): readonly [before: string, now: string] {
  const inside = insideOf(now);
  if (inside === now || insideOf(before) !== before) {
    return [normalise(before, moved), normalise(now, moved)];
  }
  const [plain, within] = [normalise(withoutUnseen(before), moved), normalise(inside, moved)];
  // A hint stood after an error's message then, and stands below it now.
  return oneSpaced(plain) === oneSpaced(within) ? [within, within] : [plain, within];
}

const oneSpaced = (text: string): string => text.replace(/\s+/g, " ");

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;

const varying: readonly (readonly [pattern: RegExp, word: string])[] = [
  // They are named after all that stands between them, times too.
  [outsideMarks, "---"],
  // RFC 3339 and its relatives, as `2026-03-01T10:00:00.000Z` and `2026-03-01 10:00:00`.
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  // RFC 9110 dates, and those of JavaScript's toString().
  [
    /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d\d [A-Z][a-z]{2}|[A-Z][a-z]{2} \d\d) \d{4} \d\d:\d\d:\d\d(?: GMT(?:[+-]\d{4}(?: \([^)]*\))?)?)?/g,
    "<time>",
  ],
  // Milliseconds since the Unix epoch, from 2017 to 2033.
  [/(?<![\d.])1[5-9]\d{11}(?:\.\d+)?(?![\d.])/g, "<time>"],
  [/\b\d+(?:\.\d+)? ?ms\b/g, "<duration>"],
  [/\b\d+\.\d+ ?s\b/g, "<duration>"],
];
