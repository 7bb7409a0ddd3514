const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/**
 * The first name that an object of a JSON text has twice. Parsers keep one of the values and say
 * nothing (RFC 8259, section 4), so that who reads the text and who reads the value see another.
 * @param json valid JSON
 */
export function repeatedName(json: string): string | undefined {
  /** The names so far of each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let isName = false;
  for (const [part] of json.matchAll(token)) {
    const names = open.at(-1);
    if (part === "{") {
      open.push(new Set());
      isName = true;
    } else if (part === "[") {
      open.push(null);
      isName = false;
    } else if (part === "}" || part === "]") {
      open.pop();
      isName = false;
    } else if (part === ",") isName = names !== null && names !== undefined;
    else if (isName && names !== null && names !== undefined) {
      const name = JSON.parse(part) as string;
      if (names.has(name)) return name;
      names.add(name);
      isName = false;
    }
  }
  return undefined;
}
