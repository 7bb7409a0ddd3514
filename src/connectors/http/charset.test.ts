import { expect, test } from "vitest";
import { decodeText } from "./charset.ts";

const latin = (text: string) => Buffer.from(text, "latin1");

test.each([
  ["the type", latin("caf\u00e9"), "text/plain; charset=iso-8859-1", "café"],
  ["a quoted type", latin("caf\u00e9"), 'text/plain; charset="ISO-8859-1"', "café"],
  [
    "a meta element",
    latin('<meta charset="windows-1252">\u00e9'),
    "text/html",
    '<meta charset="windows-1252">é',
  ],
  [
    "an older meta element",
    latin('<meta http-equiv="x" content="text/html; charset=latin1">\u00e9'),
    "text/html",
    '<meta http-equiv="x" content="text/html; charset=latin1">é',
  ],
  [
    "an XML declaration",
    latin('<?xml version="1.0" encoding="latin1"?>\u00e9'),
    "application/xml",
    '<?xml version="1.0" encoding="latin1"?>é',
  ],
  ["a byte order mark", Buffer.from("\ufeffcafé", "utf16le"), "text/plain; charset=latin1", "café"],
  ["nobody, in UTF-8", Buffer.from("café"), "text/plain", "café"],
  ["nobody, in something else", latin("caf\u00e9 \u0093so\u0094"), "text/plain", "café “so”"],
  ["a label that nobody knows", Buffer.from("café"), "text/plain; charset=klingon", "café"],
  [
    "a page in Shift_JIS",
    Uint8Array.of(0x93, 0xfa, 0x96, 0x7b),
    "text/html; charset=Shift_JIS",
    "日本",
  ],
])("the character set is told by %s", (_by, bytes, type, text) => {
  expect(decodeText(bytes, type)).toBe(text);
});
