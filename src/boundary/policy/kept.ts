const mostKept = 1_000;
/** Longer than any name of a host. */
const longestKept = 255;

/**
 * A function of a text that works each answer out once. All are forgotten when there are many, so
 * that a caller who never repeats a text takes no more than a fixed amount of memory.
 */
export function keeping<T extends object | string>(make: (text: string) => T): (text: string) => T {
  const kept = new Map<string, T>();
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const made = make(text);
    if (text.length <= longestKept) {
      if (kept.size >= mostKept) kept.clear();
      kept.set(text, made);
    }
    return made;
  };
}
