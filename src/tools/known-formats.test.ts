import { afterEach, expect, test, vi } from "vitest";
import { createObjectSchemas } from "./object-schema.ts";

const spies = (["log", "warn", "error", "info"] as const).map((name) => vi.spyOn(console, name));
afterEach(() => vi.clearAllMocks());

const check = (schema: object) => createObjectSchemas()({ type: "object", ...schema }, "the value");

test("a format that nobody knows is not checked, and nothing is written to the console", () => {
  const text = { type: "string", format: "isbn" };
  const deep = { anyOf: [{ items: { $ref: "#/$defs/isbn" } }, text] };
  const problems = check({
    $defs: { isbn: text },
    properties: { book: text, list: deep, format: { type: "string" } },
    patternProperties: { "^x-": text },
    additionalProperties: false,
  });
  expect(problems({ book: "none", list: ["none"], format: "any", "x-1": "none" })).toEqual([]);
  expect(problems({ book: 1 })).toEqual(["book must be string"]);
  expect(problems({ format: 1 })).toEqual(["format must be string"]);
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});

test("a format that is known is checked, and one among values is a value", () => {
  const problems = check({
    properties: {
      at: { type: "string", format: "date" },
      exact: { const: { format: "isbn" } },
      one: { enum: [{ format: "isbn" }] },
    },
  });
  expect(problems({ at: "never" })).toEqual(['at must match format "date"']);
  expect(problems({ exact: { format: "isbn" }, one: { format: "isbn" } })).toEqual([]);
  expect(problems({ exact: {} })).not.toEqual([]);
  expect(problems({ one: {} })).not.toEqual([]);
});
