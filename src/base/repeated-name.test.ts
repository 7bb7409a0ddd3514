import * as fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedName } from "./repeated-name.ts";

test.each([
  ['{"a":1,"b":2,"a":3}', "a"],
  ['{"a":{"b":1},"c":[{"b":1,"d":2,"b":3}]}', "b"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"":1,"":2}', ""],
  ['{"__proto__":1,"__proto__":2}', "__proto__"],
])("finds the name that stands twice: %s", (json, name) => {
  expect(repeatedName(json)).toBe(name);
});

test.each([
  '{"a":"a","b":["a","a",{"a":1}],"c":{"a":1}}',
  '["a","a"]',
  '"a"',
  "1",
  '{"a":"{\\"a"}',
])("finds none where each stands once: %s", (json) => {
  expect(repeatedName(json)).toBeUndefined();
});

test("finds none in what was written from a value", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (json) => {
      expect(repeatedName(JSON.stringify(JSON.parse(json)))).toBeUndefined();
    }),
  );
});

test("finds one in any object that is given twice what it has", () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (name, value) => {
      const field = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
      expect(repeatedName(`[1, {${field}, "other${name.length}": [], ${field}}]`)).toBe(name);
    }),
  );
});
