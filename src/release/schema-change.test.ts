import { expect, test } from "vitest";
import { toJsonValue } from "../base/json.ts";
import { compareSchemas } from "./json-schema-change.ts";
import { schemaChanges } from "./schema-change.ts";

const compare = (before: unknown, after: unknown) =>
  compareSchemas(toJsonValue(before), toJsonValue(after));
const object = (more: object) => ({ type: "object", ...more });

test.each([
  [{ type: ["string", "null"] }, { type: "string" }, "it may not be null any more"],
  [{ type: "number" }, { type: "integer" }, "it may not be number any more"],
  [{ enum: ["a", "b"] }, { enum: ["a"] }, 'it may not be "b" any more'],
  [{ minLength: 1 }, { minLength: 2 }, "it has the minLength 2 and not 1"],
  [{}, { maximum: 3 }, "it has a maximum now"],
  [object({}), object({ required: ["a"] }), "a is required now"],
  [object({}), object({ additionalProperties: false }), "it may have no other members now"],
  [
    object({ properties: { a: {} }, additionalProperties: false }),
    object({ properties: {}, additionalProperties: false }),
    "a is not known any more",
  ],
  [
    { anyOf: [{ type: "string" }, { type: "null" }] },
    { anyOf: [{ type: "string" }] },
    "it has 1 forms fewer",
  ],
  [
    { $ref: "#/$defs/x", $defs: { x: { items: { type: "number" } } } },
    { $ref: "#/$defs/x", $defs: { x: { items: { type: "string" } } } },
    "[] may not be number any more",
  ],
])("%j to %j narrows, and the other way it widens", (before, after, what) => {
  expect(compare(before, after).narrowed).toContain(what);
  expect(compare(after, before).narrowed).not.toContain(what);
  expect(compare(before, before)).toEqual({ narrowed: [], widened: [], added: [], unclear: [] });
});

test("remarks and new optional members break nobody; what is not compared is unclear", () => {
  const before = object({ properties: { a: { type: "string", description: "x" } } });
  const after = object({ properties: { a: { type: "string", description: "y" }, b: {} } });
  expect(compare(before, after)).toEqual({
    narrowed: [],
    widened: [],
    added: ["b is new"],
    unclear: [],
  });
  expect(compare({ pattern: "a" }, { pattern: "b" }).unclear).toEqual(["it has another pattern"]);
});

test("a schema that holds itself is compared to its end", () => {
  const tree = (type: string) => ({
    $ref: "#/$defs/node",
    $defs: { node: object({ properties: { v: { type }, next: { $ref: "#/$defs/node" } } }) },
  });
  expect(compare(tree("string"), tree("number")).narrowed).toEqual([
    "v may not be string any more",
  ]);
});

const api = (paths: object): string => JSON.stringify({ openapi: "3.1.0", paths });
const answer = (schema: object) => ({
  responses: { 200: { content: { "application/json": { schema } } } },
});

test.each([
  ["an operation that is gone", { "/a": { get: answer({}) } }, {}, "yes", "GET /a is gone"],
  ["a new operation", {}, { "/a": { get: answer({}) } }, "no", "GET /a is new"],
  [
    "an answer's member that is gone",
    { "/a": { get: answer({ properties: { x: {} } }) } },
    { "/a": { get: answer({ properties: {} }) } },
    "yes",
    "GET /a 200.x is gone",
  ],
  [
    "a parameter that is needed now",
    { "/a": { get: answer({}) } },
    { "/a": { get: { ...answer({}), parameters: [{ in: "query", name: "q", required: true }] } } },
    "yes",
    "GET /a needs the query q now",
  ],
  [
    "a body with a new required member",
    { "/a": { post: { requestBody: { content: { "application/json": { schema: {} } } } } } },
    {
      "/a": {
        post: { requestBody: { content: { "application/json": { schema: { required: ["b"] } } } } },
      },
    },
    "yes",
    "POST /a body.b is required now",
  ],
  [
    "other rights",
    { "/a": { get: { ...answer({}), security: [{ key: ["read"] }] } } },
    { "/a": { get: { ...answer({}), security: [{ key: ["write"] }] } } },
    "unclear",
    "GET /a asks for other rights",
  ],
])("of an interface, %s", (_, before, after, breaking, what) => {
  const { files } = schemaChanges([
    { path: "openapi.json", before: api(before), after: api(after) },
  ]);
  expect(files).toMatchObject([{ kind: "openapi", breaking, changes: [what] }]);
});

test("migrations are told by what they take away, and by being edited", () => {
  const of = (before: string | undefined, after: string | undefined) =>
    schemaChanges([{ path: "db/migrations/002.sql", before, after }]).files[0];
  expect(of(undefined, "ALTER TABLE a ADD COLUMN b TEXT")).toMatchObject({ breaking: "no" });
  expect(of(undefined, "ALTER TABLE a DROP COLUMN b; DROP TABLE IF EXISTS c")).toMatchObject({
    breaking: "yes",
    changes: ["it drops the table c", "it drops the column b"],
  });
  expect(of("CREATE TABLE a (x)", "CREATE TABLE a (y)")).toMatchObject({ breaking: "unclear" });
  expect(of("CREATE TABLE a (x)", undefined)).toMatchObject({ breaking: "yes" });
});

test("what is no schema at one side is said, and source is left to a person", () => {
  const found = schemaChanges([
    { path: "a.schema.json", before: "{", after: "{}" },
    { path: "src/schema.ts", before: "export {}", after: "export const a = 1;" },
  ]);
  expect(found.unread).toMatchObject([{ path: "a.schema.json", side: "base" }]);
  expect(found.files).toMatchObject([
    { path: "src/schema.ts", kind: "source", breaking: "unclear" },
  ]);
});
