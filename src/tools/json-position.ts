/** Where a text stops being JSON, and what should have stood there. */
export interface JsonFault {
  /** From 0, in UTF-16 units. The text's length where it ends too early. */
  readonly position: number;
  readonly expected: string;
}

const blank = /[ \t\r\n]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const numberOrWord = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Finds the first place where a text breaks the grammar of JSON (RFC 8259). `JSON.parse` says where
 * only for some mistakes, and in words that change with the engine.
 * @returns undefined for valid JSON
 */
export function findJsonFault(source: string): JsonFault | undefined {
  /** What each open bracket closes with. */
  const open: ("}" | "]")[] = [];
  let at = 0;
  const skip = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    const length = pattern.exec(source)?.[0].length ?? 0;
    at += length;
    return length;
  };
  const fault = (expected: string): JsonFault => ({ position: at, expected });

  /** Reads on after a string's opening quote. */
  const string = (): JsonFault | undefined => {
    for (at += 1; at < source.length; at += 1) {
      const char = source.charAt(at);
      if (char === '"') {
        at += 1;
        return undefined;
      }
      if (char < " ") return fault("an escape such as \\n");
      if (char === "\\") {
        if (skip(escape) === 0) return fault("a valid escape");
        at -= 1;
      }
    }
    return fault("the end of the string");
  };
  const scalar = (): JsonFault | undefined => {
    if (source.charAt(at) === '"') return string();
    return skip(numberOrWord) === 0 ? fault("a value") : undefined;
  };
  const propertyName = (): JsonFault | undefined => {
    skip(blank);
    if (source.charAt(at) !== '"') return fault("a property name in double quotes");
    const wrong = string();
    if (wrong !== undefined) return wrong;
    skip(blank);
    if (source.charAt(at) !== ":") return fault('":"');
    at += 1;
    return undefined;
  };
  /** Reads a bracket, or a scalar. True where the first element of a bracket comes next. */
  const valueStart = (): JsonFault | boolean => {
    skip(blank);
    const opening = source.charAt(at);
    if (opening !== "{" && opening !== "[") return scalar() ?? false;
    const closing = opening === "{" ? "}" : "]";
    at += 1;
    skip(blank);
    if (source.charAt(at) === closing) {
      at += 1;
      return false;
    }
    open.push(closing);
    return true;
  };
  /** After a complete value: closes what ends here. True where another element comes next. */
  const valueEnd = (): JsonFault | boolean => {
    for (;;) {
      skip(blank);
      const closing = open.at(-1);
      if (closing === undefined) return at === source.length ? false : fault("the end");
      const char = source.charAt(at);
      if (char !== closing && char !== ",") return fault(`"," or "${closing}"`);
      at += 1;
      if (char === ",") return true;
      open.pop();
    }
  };

  for (;;) {
    let more = valueStart();
    if (more === false) more = valueEnd();
    if (typeof more === "object") return more;
    if (!more) return undefined;
    if (open.at(-1) !== "}") continue;
    const wrong = propertyName();
    if (wrong !== undefined) return wrong;
  }
}
