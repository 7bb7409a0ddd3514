import { singular } from "../../tools/search/words.ts";

/** The endings of verbs, of what is made of them, and of adjectives; the longest that fits goes. */
const ending = /^(.{4,}?)(?:ation|ating|ated|ator|ate|edly|ing|ion|ment|ed|er|ly|al|e)$/;
/** `planning` leaves `plann`; `install` and `process` keep what is theirs. */
const doubled = /([^lsz])\1$/;

/**
 * An English word without its endings, so that `optimize`, `optimizing` and `optimization` are one.
 * Only four letters and more are a stem; where it is wrong it is so in skills and tasks alike.
 */
export function stem(word: string): string {
  const single = singular(word);
  const cut = single.length < 6 && !/^.{4}e$/.test(single) ? single : single.replace(ending, "$1");
  return cut === single || cut.length < 5 ? cut : cut.replace(doubled, "$1");
}
