import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../base/json.ts";
import { attempt } from "../base/result.ts";
import { isPlainSchema } from "./plain-schema.ts";

const engine = new AjvJsonSchemaValidator();
const canBeMade = (schema: JsonObject): boolean => attempt(() => engine.getValidator(schema)).ok;

describe("a plain schema", () => {
  test("is what tools are most often described with", () => {
    const properties = {
      path: { type: "string", description: "where", pattern: "^a+$", maxLength: 5 },
      many: { type: ["array", "null"], items: { $ref: "#/$defs/one" }, minItems: 1 },
      kind: { anyOf: [{ enum: ["a", "b"] }, { const: 5 }], default: "a" },
    };
    const $defs = { one: { type: "object", additionalProperties: false } };
    const schema = { type: "object", properties, required: ["path"], $defs };
    for (const $schema of [
      "https://json-schema.org/draft/2020-12/schema",
      "http://json-schema.org/draft-07/schema#",
    ]) {
      expect(isPlainSchema({ ...schema, $schema })).toBe(true);
      expect(canBeMade({ ...schema, $schema })).toBe(true);
    }
  });

  test.each<JsonObject>([
    { type: "Optional[str]" },
    { properties: { a: { type: ["string", "text"] } } },
    { properties: { a: { pattern: "(" } } },
    { properties: { a: { $ref: "#/$defs/absent" } } },
    { properties: { a: { minimum: "1" } } },
    { properties: { a: { enum: [] } } },
    { properties: ["a"] },
    { required: "a" },
    { $schema: "https://example.org/other" },
    { exclusiveMinimum: true, minimum: 1 },
  ])("is none that no check can be made from: %j", (schema) => {
    expect(canBeMade(schema)).toBe(false);
    expect(isPlainSchema(schema)).toBe(false);
  });

  test("is none that is deeper than anybody writes", () => {
    const deep = (levels: number): JsonObject =>
      levels === 0 ? {} : { properties: { a: deep(levels - 1) } };
    expect(isPlainSchema(deep(30))).toBe(true);
    expect(isPlainSchema(deep(40))).toBe(false);
  });

  test("is one from which a check can be made, whatever it is put together from", () => {
    const odd = fc.oneof(
      fc.constantFrom("string", "text", "^a", "(", "#/$defs/a", "#/definitions/b"),
      fc.integer({ min: -1, max: 3 }),
      fc.boolean(),
      fc.constant(null),
      fc.constant([]),
      fc.constant(["string", "null"]),
    );
    const words = ["type", "enum", "pattern", "required", "minimum", "maxLength", "uniqueItems"];
    const others = ["$ref", "const", "nullable", "id", "multipleOf", "minContains"];
    const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => {
      const tables = [
        "properties",
        "$defs",
        "definitions",
        "patternProperties",
        "dependentSchemas",
      ];
      const inner = ["items", "not", "additionalProperties", "contains", "propertyNames"];
      const lists = ["allOf", "anyOf", "oneOf", "prefixItems"];
      const entry = fc.oneof(
        fc.tuple(fc.constantFrom(...words, ...others, ...tables, ...inner, ...lists), odd),
        fc.tuple(fc.constantFrom(...inner), tie("schema")),
        fc.tuple(
          fc.constantFrom(...tables),
          fc.dictionary(fc.constantFrom("a", "b"), tie("schema")),
        ),
        fc.tuple(
          fc.constantFrom(...lists),
          fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
        ),
        fc.tuple(fc.constant("type"), fc.constantFrom("string", "object", "array", "number")),
      );
      return { schema: fc.array(entry, { maxLength: 4 }).map(Object.fromEntries) };
    });
    let plain = 0;
    fc.assert(
      fc.property(schema, (one) => {
        if (!isPlainSchema(one)) return;
        plain += 1;
        expect(canBeMade(one)).toBe(true);
      }),
      { numRuns: 800 },
    );
    expect(plain).toBeGreaterThan(100);
  });
});
