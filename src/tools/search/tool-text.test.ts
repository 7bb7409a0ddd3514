import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readToolText } from "./tool-text.ts";

const schemaOf = (properties: unknown, more: object = {}) => ({
  type: "object",
  properties,
  ...more,
});
const read = (description: unknown, inputSchema: unknown = {}) =>
  readToolText({ name: "t", description, inputSchema });

describe("readToolText", () => {
  test("reads names and descriptions of arguments, those inside of others too", () => {
    const { text, problems } = read("Books a trip.", {
      type: "object",
      properties: {
        city: { type: "string", description: "where to" },
        guests: {
          type: "array",
          items: { type: "object", properties: { age: { description: "in years" } } },
        },
        pay: { anyOf: [{ type: "null" }, { properties: { iban: {} } }] },
        home: { $ref: "#/$defs/place" },
      },
      $defs: { place: { properties: { street: { description: "and number" } } } },
    });
    expect(problems).toEqual([]);
    expect(text.description).toBe("Books a trip.");
    const words = ["city", "where to", "guests", "age", "in years", "pay", "iban", "home"];
    for (const word of [...words, "street", "and number"]) expect(text.parameters).toContain(word);
    // A name that only the schema uses for itself is no argument.
    expect(text.parameters).not.toContain("place");
  });

  test("a type that JSON Schema does not know hides nothing", () => {
    const { text, problems } = read("", schemaOf({ body: { type: "Optional[str]" } }));
    expect(text.parameters).toBe("body");
    expect(problems).toEqual([]);
  });

  test("takes a tool without description and schema as it is", () => {
    expect(readToolText({ name: "t" })).toEqual({
      text: { name: "t", description: "", parameters: "" },
      problems: [],
    });
  });

  test("an argument may be called description", () => {
    const { text, problems } = read("", schemaOf({ description: { description: "of the issue" } }));
    expect(text.parameters).toBe("description\nof the issue");
    expect(problems).toEqual([]);
  });

  test.each([
    ["a description that is no text", read(["x"]), "its description is not text"],
    ["a schema that is a list", read("", [1]), "its schema is not an object"],
    ["a schema that is null", read("", null), "its schema is not an object"],
    [
      "arguments in a list",
      read("", schemaOf([{ name: "a" }])),
      '"properties" in its schema is not an object',
    ],
    [
      "an argument's description that is no text",
      read("", schemaOf({ a: { description: 7 } })),
      "the description of an argument is not text",
    ],
    [
      "a description of a megabyte",
      read("word ".repeat(200_000)),
      "its description is searched only in its first 10000 characters",
    ],
    [
      "more arguments than anybody wrote",
      read(
        "",
        schemaOf(Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`a${n}`, {}]))),
      ),
      "its schema is too large to be searched as a whole",
    ],
  ])("says of %s what it could not read", (_what, { problems }, problem) => {
    expect(problems).toContain(problem);
  });

  test("what cannot be read hides nothing beside it", () => {
    const { text } = read(7, schemaOf({ a: null, b: "x", c: { description: "kept" }, d: true }));
    expect(text.parameters).toBe("a\nb\nc\nd\nkept");
  });

  test("ends for references in a circle, and for a schema that contains itself", () => {
    const circle = {
      properties: { next: { $ref: "#/$defs/node" } },
      $defs: { node: { properties: { next: { $ref: "#/$defs/node" } } } },
    };
    expect(read("", circle).text.parameters).toBe("next\nnext");
    const self: Record<string, unknown> = { description: "of itself" };
    self["properties"] = { again: self };
    expect(read("", self).text.parameters).toBe("again");
  });

  test("reads a schema that is nested more deeply than a stack is", () => {
    let deep: object = { properties: { bottom: {} } };
    for (let level = 0; level < 50_000; level += 1) deep = { items: deep };
    expect(read("", deep).problems).toEqual(["its schema is too large to be searched as a whole"]);
  });

  test("gives text for whatever stands in the place of description and schema", () => {
    const keyword = fc.constantFrom("properties", "items", "anyOf", "$defs", "description", "type");
    const schemas = fc.letrec((tie) => ({
      schema: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.anything(),
        fc.dictionary(keyword, tie("schema"), { maxKeys: 4 }),
        fc.array(tie("schema"), { maxLength: 3 }),
      ),
    })).schema;
    fc.assert(
      fc.property(fc.anything(), schemas, (description, inputSchema) => {
        const { text, problems } = readToolText({ name: "t", description, inputSchema });
        expect(typeof text.description).toBe("string");
        expect(typeof text.parameters).toBe("string");
        if (description !== undefined && typeof description !== "string") {
          expect(problems).toContain("its description is not text");
        }
      }),
      { numRuns: 500 },
    );
  });
});
