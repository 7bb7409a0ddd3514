import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numbered } from "./placeholders.ts";

describe("placeholders", () => {
  test("each ? is numbered from 1", () => {
    expect(numbered("SELECT ? WHERE a = ? AND b IN (?, ?)")).toBe(
      "SELECT $1 WHERE a = $2 AND b IN ($3, $4)",
    );
  });

  test("a ? in a string, a quoted name or a comment is left alone", () => {
    const text = `SELECT 'is it?', 'it''s ?', "odd?""name?" -- why?
      /* ? */ FROM t WHERE a = ?`;
    expect(numbered(text)).toBe(text.replace(/\?$/, "$1".replace("$", "$$$$")));
  });

  test("any mixture keeps all but its parameters", () => {
    const quoted = fc.string().map((text) => `'${text.replaceAll("'", "''")}'`);
    const name = fc.string().map((text) => `"${text.replaceAll('"', '""')}"`);
    const word = fc.constantFrom("SELECT", "a", "=", "(", ")", ",", "\n");
    const part = fc.oneof(quoted, name, word, fc.constant("?"));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        let count = 0;
        const expected = parts.map((one) => {
          if (one !== "?") return one;
          count += 1;
          return `$${count}`;
        });
        expect(numbered(parts.join(" "))).toBe(expected.join(" "));
      }),
    );
  });
});
