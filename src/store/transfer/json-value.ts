/** What stands at a place of a JSON text. */
export type Scanned =
  | { readonly kind: "value"; readonly end: number }
  /** No JSON value, which shows at byte `at`. */
  | { readonly kind: "bad"; readonly at: number; readonly reason: string }
  /** A value may begin here, and the bytes end within it. */
  | { readonly kind: "short" };

/** Deeper than any record is; a bound on the work that damaged bytes can cause. */
const maxDepth = 64;

const byte = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  backslash: 0x5c,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

export function isSpace(code: number | undefined): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/**
 * Finds the end of the JSON value (RFC 8259) that begins at `from`, without building it. It is as
 * strict as the grammar, so that damage shows near where it is and not records later. Bytes of
 * other than ASCII characters are not looked at.
 * @param final whether nothing follows after `to`
 */
export function scanValue(bytes: Uint8Array, from: number, to: number, final: boolean): Scanned {
  /** The closing byte of each list and object that is open. */
  const open: number[] = [];
  let expected: "value" | "value or end" | "key" | "key or end" | "next" = "value";
  let at = from;
  for (;;) {
    while (at < to && isSpace(bytes[at])) at += 1;
    if (at >= to) return { kind: "short" };
    const code = bytes[at];
    if (expected === "next") {
      if (code === byte.comma) expected = open.at(-1) === byte.closeBrace ? "key" : "value";
      else if (code === open.at(-1)) {
        open.pop();
        if (open.length === 0) return { kind: "value", end: at + 1 };
      } else return bad(at, "a comma or the end of the list or object is missing");
      at += 1;
      continue;
    }
    const mayEnd = expected === "value or end" || expected === "key or end";
    if (mayEnd && code === open.at(-1)) {
      open.pop();
      at += 1;
      if (open.length === 0) return { kind: "value", end: at };
      expected = "next";
      continue;
    }
    if (expected === "key" || expected === "key or end") {
      if (code !== byte.quote) return bad(at, "a name in quotes is missing");
      const key = scanString(bytes, at, to);
      if (key.kind !== "value") return key;
      at = key.end;
      while (at < to && isSpace(bytes[at])) at += 1;
      if (at >= to) return { kind: "short" };
      if (bytes[at] !== byte.colon) return bad(at, "a colon is missing");
      at += 1;
      expected = "value";
      continue;
    }
    if (code === byte.openBrace || code === byte.openBracket) {
      if (open.length >= maxDepth) return bad(at, `nested deeper than ${maxDepth} levels`);
      open.push(code === byte.openBrace ? byte.closeBrace : byte.closeBracket);
      expected = code === byte.openBrace ? "key or end" : "value or end";
      at += 1;
      continue;
    }
    const plain = code === byte.quote ? scanString(bytes, at, to) : scanWord(bytes, at, to, final);
    if (plain.kind !== "value") return plain;
    at = plain.end;
    if (open.length === 0) return plain;
    expected = "next";
  }
}

function bad(at: number, reason: string): Scanned {
  return { kind: "bad", at, reason };
}

const escapes = new Set(Buffer.from('"\\/bfnrtu'));

function scanString(bytes: Uint8Array, from: number, to: number): Scanned {
  let at = from + 1;
  for (;;) {
    if (at >= to) return { kind: "short" };
    const code = bytes[at] ?? 0;
    if (code === byte.quote) return { kind: "value", end: at + 1 };
    if (code < 0x20) return bad(at, "a control character stands in a text");
    if (code !== byte.backslash) {
      at += 1;
      continue;
    }
    if (at + 1 >= to) return { kind: "short" };
    const escaped = bytes[at + 1] ?? 0;
    if (!escapes.has(escaped)) return bad(at, "a backslash is followed by what it cannot be");
    at += 2;
    if (escaped !== 0x75) continue;
    for (const end = at + 4; at < end; at += 1) {
      if (at >= to) return { kind: "short" };
      if (!isHex(bytes[at] ?? 0)) return bad(at, "\\u is not followed by four hexadecimal digits");
    }
  }
}

function isHex(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}

const word = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/;
/** What words and numbers are made of. */
const wordByte = /[A-Za-z0-9+.-]/;
/** Longer than any number that says something. */
const maxWord = 400;

function scanWord(bytes: Uint8Array, from: number, to: number, final: boolean): Scanned {
  let end = from;
  while (end < to && end - from <= maxWord && isWordByte(bytes[end] ?? 0)) end += 1;
  const text = String.fromCharCode(...bytes.subarray(from, end));
  const whole = word.test(text);
  // Where the bytes end, a word may go on; a number always may.
  if (end >= to && end > from && end - from <= maxWord && !(final && whole)) {
    return { kind: "short" };
  }
  if (!whole || end - from > maxWord) return bad(from, "this is no JSON value");
  return { kind: "value", end };
}

const wordBytes = Array.from({ length: 256 }, (_, code) =>
  wordByte.test(String.fromCharCode(code)),
);
function isWordByte(code: number): boolean {
  return wordBytes[code] === true;
}
