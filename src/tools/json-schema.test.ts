import { describe, expect, test } from "vitest";
import type { JsonObject } from "../base/json.ts";
import { createSchemaCompiler } from "./json-schema.ts";

const compile = (schema: JsonObject) => createSchemaCompiler()("the_tool", schema);

function messageOf(schema: JsonObject, args: unknown): string {
  const parsed = compile(schema).parse(args);
  if (parsed.ok) return "";
  expect(parsed.error.code).toBe("tools.invalid_arguments");
  return parsed.error.message;
}

describe("a check made from JSON Schema", () => {
  const edit: JsonObject = {
    type: "object",
    properties: {
      path: { type: "string" },
      mode: { enum: ["fast", "slow"] },
      edits: {
        type: "array",
        items: {
          type: "object",
          properties: { oldText: { type: "string" }, count: { type: "integer" } },
          required: ["oldText"],
          additionalProperties: false,
        },
      },
    },
    required: ["path"],
  };

  test("gives fitting arguments back unchanged, without filling defaults in", () => {
    const schema: JsonObject = {
      type: "object",
      properties: { p: { type: "string", default: "q" } },
    };
    expect(compile(schema).parse({ other: 1 })).toEqual({ ok: true, value: { other: 1 } });
    expect(compile(edit).parse({ path: "a", edits: [{ oldText: "x" }] }).ok).toBe(true);
  });

  test("names a missing field", () => {
    expect(messageOf(edit, {})).toContain("the arguments must have required property 'path'");
  });

  test("names a field of the wrong type by its path", () => {
    const message = messageOf(edit, {
      path: 5,
      edits: [{ oldText: "a" }, { oldText: "b", count: 1.5 }],
    });
    expect(message).toContain("path must be string");
    expect(message).toContain("edits.1.count must be integer");
  });

  test("lists the values that are allowed", () => {
    expect(messageOf(edit, { path: "a", mode: "medium" })).toContain(
      'mode must be one of "fast", "slow"',
    );
  });

  test("names a field that does not exist, and those that do", () => {
    const message = messageOf(edit, { path: "a", edits: [{ oldText: "a", newTxt: "b" }] });
    expect(message).toContain('edits.0 must not have "newTxt" (known: oldText, count)');
  });

  test.each([
    ["draft-07", "http://json-schema.org/draft-07/schema#"],
    ["2020-12", "https://json-schema.org/draft/2020-12/schema"],
  ])("reads the dialect %s", (_name, $schema) => {
    expect(messageOf({ ...edit, $schema }, {})).toContain("'path'");
  });

  test("checks what other readers of JSON Schema pass over", () => {
    const cases: readonly (readonly [JsonObject, JsonObject])[] = [
      [{ type: "object", required: ["z"] }, {}],
      [{ type: "object", allOf: [{ properties: { a: { type: "string" } }, required: ["a"] }] }, {}],
      [
        // Parsed from text, because an object literal with "then" looks like a promise.
        JSON.parse(
          '{"type":"object","if":{"required":["a"]},"then":{"required":["b"]}}',
        ) as JsonObject,
        { a: 1 },
      ],
      [{ type: "object", dependentRequired: { a: ["b"] } }, { a: 1 }],
      [
        { type: "object", properties: { p: { type: "array", prefixItems: [{ type: "string" }] } } },
        { p: [1] },
      ],
      [
        {
          type: "object",
          $defs: { n: { type: "number" } },
          properties: { p: { $ref: "#/$defs/n" } },
        },
        { p: "x" },
      ],
    ];
    for (const [schema, args] of cases) expect(messageOf(schema, args)).not.toBe("");
  });

  test("keeps two schemas with the same id apart", () => {
    const compiler = createSchemaCompiler();
    const one = compiler("one", { $id: "same", type: "object", required: ["a"] });
    const two = compiler("two", { $id: "same", type: "object", required: ["b"] });
    expect(one.parse({ a: 1 }).ok).toBe(true);
    expect(two.parse({ a: 1 }).ok).toBe(false);
  });

  test("is made when it is first needed: many tools are listed and few are called", () => {
    const cpu = (work: () => void): number => {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    const compiler = createSchemaCompiler();
    const schemas = Array.from(
      { length: 300 },
      (_, place): JsonObject => ({ ...edit, title: `${place}` }),
    );
    let checks: readonly ReturnType<typeof compile>[] = [];
    const listing = cpu(() => {
      checks = schemas.map((schema, place) => compiler(`tool_${place}`, schema));
    });
    const using = cpu(() => {
      for (const { parse } of checks) expect(parse({ path: "a" }).ok).toBe(true);
    });
    expect(listing).toBeLessThan(using / 3);
  });

  test("says that arguments must be an object", () => {
    for (const args of [[], "text", null, 5])
      expect(messageOf({ type: "object" }, args)).toContain("must be an object");
  });
});

describe("a schema that is none", () => {
  const python: JsonObject = {
    type: "object",
    properties: {
      name: { type: "Optional[str]", description: "a name" },
      type: { type: "string" },
      tags: { type: ["string", "null"] },
    },
    required: ["name"],
  };

  test("lets every object through, with a notice", () => {
    const check = compile(python);
    expect(check.notice).toContain("Optional[str]");
    expect(check.parse({ anything: 1 }).ok).toBe(true);
    expect(check.parse("text").ok).toBe(false);
  });

  test("is shown without the words that are no types, and then is a schema", () => {
    const { schema } = compile(python);
    expect(schema).toEqual({
      type: "object",
      properties: {
        name: { description: "a name" },
        type: { type: "string" },
        tags: { type: ["string", "null"] },
      },
      required: ["name"],
    });
    expect(compile(schema).notice).toBeUndefined();
  });

  test.each<JsonObject>([
    { type: "object", properties: { p: { $ref: "#/nowhere" } } },
    { type: "object", properties: { p: { type: "string", pattern: "(" } } },
    { type: "object", properties: { p: { type: "string", required: true } } },
    { type: "object", $schema: "https://example.org/own-dialect" },
  ])("of another kind does not break either: %j", (schema) => {
    const check = compile(schema);
    expect(check.notice).toBeDefined();
    expect(check.parse({}).ok).toBe(true);
  });
});
