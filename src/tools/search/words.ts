/** A run of letters and digits, with the marks that belong to a letter. */
const wordPattern = /[\p{L}\p{M}\p{N}]+/gu;
const scriptsWithoutSpaces =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
/** `searchFlights`, `HTTPServer`, `utf8`, `3d`: the places where one word ends and another begins. */
const seam =
  /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u;

/** Most words, which have neither seams nor anything but plain letters, are not looked at twice. */
const simpleWord = /^[A-Za-z][a-z]*$/;

/** Longer runs are keys, digests and data, which nobody searches for by word. */
const longestWord = 40;

/**
 * Words that say nothing about what a tool does: English articles, pronouns, prepositions,
 * auxiliaries, and the courtesies of a request. Verbs of action are not among them.
 */
const emptyWords: ReadonlySet<string> = new Set(
  `a about after all also am an and any are as at be because been before being between both but by
  can could did do does doing done down during each either else every for from further had has have
  having he her here hers him his how i if in into is it its itself just let like may me might mine
  more most must my myself need no nor not now of off on once only or other our ours out over own
  per please same shall she should so some such than thank thanks that the their theirs them then
  there these they this those through to too under until up upon us very via want was we were what
  when where whether which while who whom whose why will with within without would you your yours`
    .split(/\s+/)
    .filter((word) => word !== ""),
);

/**
 * The words of a text, for matching: case, accents, plurals and the seams of compound names do not
 * count. A compound is there in its parts and as a whole (`GitHub`: git, hub, github), because
 * people write it either way. Scripts without spaces are cut into overlapping pairs of characters.
 * @param fold makes one of the forms of a word; default {@link singular}
 */
export function wordsOf(
  text: string,
  fold: (word: string) => string = singular,
): readonly string[] {
  return runsOf(text).flatMap((run) => wordsOfRun(run, fold));
}

/** The runs of letters and digits of a text, as they stand in it. */
export function runsOf(text: string): readonly string[] {
  return text.match(wordPattern) ?? [];
}

/** The words of one run, as {@link wordsOf} cuts them. The same for the same run and fold. */
export function wordsOfRun(run: string, fold: (word: string) => string): readonly string[] {
  if (simpleWord.test(run)) return run.length > longestWord ? [] : folded([run], fold);
  // Without its accents a run may be several: a fraction has a mark between its numbers.
  return runsOf(plain(run)).flatMap((part) => {
    if (part.length > longestWord) return [];
    if (scriptsWithoutSpaces.test(part)) return pairsOf(part);
    const parts = part.split(seam);
    return folded(parts.length > 1 ? [...parts, part] : parts, fold);
  });
}

function folded(parts: readonly string[], fold: (word: string) => string): readonly string[] {
  return parts
    .map((part) => part.toLowerCase())
    .filter((word) => !emptyWords.has(word))
    .map(fold);
}

/**
 * An English word without the ending of its plural, or of a verb's third person. Where it is wrong
 * (`series`, `news`) it is so in texts and queries alike.
 */
export function singular(word: string): string {
  if (word.length < 4 || !word.endsWith("s")) return word;
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2);
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  return /[^us]s$/.test(word) ? word.slice(0, -1) : word;
}

/** Compatibility forms (full width, ligatures) as plain letters, and letters without accents. */
function plain(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  return text.normalize("NFKD").replace(/\p{M}+/gu, "");
}

function pairsOf(run: string): readonly string[] {
  const characters = Array.from(run.toLowerCase());
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}
