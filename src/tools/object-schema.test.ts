import { expect, test } from "vitest";
import { createObjectSchemas } from "./object-schema.ts";

const outputs = {
  type: "object",
  properties: { title: { type: "string" }, stars: { type: "integer", minimum: 1 } },
  required: ["title"],
  additionalProperties: false,
} as const;

test("says of a value what keeps it from fitting, by field", () => {
  const problems = createObjectSchemas()(outputs, "the answer");
  expect(problems({ title: "Tea", stars: 3 })).toEqual([]);
  expect(problems({ stars: 0, taste: "good" })).toEqual([
    "the answer must have required property 'title'",
    'the answer must not have "taste" (known: title, stars)',
    "stars must be >= 1",
  ]);
  expect(problems(["Tea"])).toEqual(["the answer must be an object"]);
});

test("two schemas with one id do not answer for each other", () => {
  const compile = createObjectSchemas();
  compile({ $id: "same", type: "object" }, "the answer");
  const second = compile({ $id: "same", type: "object", required: ["title"] }, "the answer");
  expect(second({})).toEqual(["the answer must have required property 'title'"]);
});

test("what is no schema is refused when it is compiled", () => {
  const compile = createObjectSchemas();
  const wrong = { type: "object", properties: { title: { type: "strin" } } };
  expect(() => compile(wrong, "the answer")).toThrow("strin");
});

test("a pattern that would take for ever is given up, and the value counts as unfit", () => {
  const word = { type: "string", pattern: "^(a+)+$" };
  const schema = { type: "object", properties: { word } };
  const problems = createObjectSchemas()(schema, "the answer");
  expect(problems({ word: `${"a".repeat(28)}!` })).toEqual([
    "the answer took longer than 500 ms to be checked: a pattern of the schema is too hard for it",
  ]);
  expect(problems({ word: "aaa" })).toEqual([]);
});
