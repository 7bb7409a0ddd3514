import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "./redact.ts";

const secret = fc.stringMatching(/^[!-~]{6}[a-zA-Z0-9]{8}[!-~]{2,20}$/);
const around = fc.string({ maxLength: 5 });

/** The longest piece of the secret that stands in a text, up to the given length. */
const hasPiece = (text: string, whole: string, length: number): boolean =>
  [...Array(whole.length - length + 1).keys()].some((at) =>
    text.includes(whole.slice(at, at + length)),
  );

function redacted(value: string, text: string): string {
  const redactor = createRedactor();
  redactor.register("IT", value);
  return redactor.text(text);
}

test("a secret within a text that was encoded whole is not found in it afterwards", () => {
  fc.assert(
    fc.property(secret, around, around, (value, before, after) => {
      const bytes = Buffer.from(`${before}${value}${after}`);
      for (const encoding of ["base64", "base64url"] as const) {
        const shown = Buffer.from(redacted(value, bytes.toString(encoding)), encoding);
        expect(hasPiece(shown.toString("latin1"), value, 5)).toBe(false);
      }
      const hex = redacted(value, bytes.toString("hex").toUpperCase());
      expect(Buffer.from(hex, "hex").includes(value.slice(0, 5))).toBe(false);
    }),
  );
});

test("a secret is known as addresses, forms, JSON and HTML spell it", () => {
  const value = `a"b\\c/d+e&f=g<h>i j'k`;
  const spelled = [
    encodeURIComponent(value),
    String(new URLSearchParams({ x: value })),
    JSON.stringify({ x: value }),
    JSON.stringify(JSON.stringify({ x: value })),
    JSON.stringify(value).replaceAll("/", "\\/"),
    "a&quot;b\\c/d+e&amp;f=g&lt;h&gt;i j&#39;k",
    Array.from(value, (char) => `\\u00${char.charCodeAt(0).toString(16)}`).join(""),
    Array.from(value, (char) => `\\x${char.charCodeAt(0).toString(16)}`).join(""),
  ];
  for (const text of spelled) {
    const shown = redacted(value, text);
    expect(shown).toContain("[secret:IT]");
    expect(shown.replace("[secret:IT]", "").replace(/x|[^a-z]/g, "")).toBe("");
  }
});

test("a secret that was cut off at the end of a text, or before an ellipsis, is hidden", () => {
  const value = "0123456789abcdefghij";
  for (const length of [10, 12, 19]) {
    expect(redacted(value, `it is ${value.slice(0, length)}`)).toBe("it is [secret:IT]");
    expect(redacted(value, `it is ${value.slice(0, length)}… and more`)).toBe(
      "it is [secret:IT]… and more",
    );
  }
  expect(redacted(value, "it is 0123456789, and more")).toBe("it is 0123456789, and more");
});

test("bytes of a file are looked through for every form", () => {
  const redactor = createRedactor();
  redactor.register("IT", "0123456789abcdefghij");
  expect(redactor.holds(Buffer.from("key=MDEyMzQ1Njc4OWFiY2RlZmdoaWo="))).toBe(true);
  expect(redactor.holds(Buffer.from("nothing here"))).toBe(false);
});

test("where a secret of several words may have begun is known", () => {
  const redactor = createRedactor();
  redactor.register("IT", "correct horse battery");
  expect(redactor.openEnd("they say correct hor")).toBe(9);
  expect(redactor.openEnd("they say so")).toBe(11);
});
