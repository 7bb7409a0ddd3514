import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseArguments } from "./arguments.ts";

describe("parseArguments", () => {
  test.each(["", "  ", "\n"])("takes %j as no arguments", (text) => {
    expect(parseArguments(text)).toEqual({ ok: true, value: {} });
  });

  test("gives every object back", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        expect(parseArguments(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test.each([
    ["[1]", "an array"],
    ["null", "null"],
    ['"text"', "a string"],
    ["5", "a number"],
  ])("refuses %s, because it is %s", (text, kind) => {
    const parsed = parseArguments(text);
    expect(parsed).toMatchObject({ ok: false, error: { code: "tools.malformed_arguments" } });
    expect(!parsed.ok && parsed.error.message).toContain(kind);
  });

  test("says where the text is wrong and what should stand there", () => {
    const parsed = parseArguments("{'path': \"a\"}");
    expect(parsed).toMatchObject({
      ok: false,
      error: { code: "tools.malformed_arguments", details: { position: 1 } },
    });
    expect(!parsed.ok && parsed.error.message).toContain("character 2");
    expect(!parsed.ok && parsed.error.message).toContain("double quotes");
  });

  test("tells text that was cut off from text that is wrong", () => {
    const parsed = parseArguments('{"path": "a.txt", "content": "some lo');
    expect(!parsed.ok && parsed.error.message).toContain("the text ends");
    expect(!parsed.ok && parsed.error.hint).toContain("cut off");
  });
});
