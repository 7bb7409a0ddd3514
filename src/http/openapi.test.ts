import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { openApi } from "./openapi.ts";
import { referencePage } from "./reference-page.ts";
import { allRoutes } from "./routes/all.ts";
import { scopes } from "./scopes.ts";

const document = openApi(allRoutes);

function operations(): readonly (readonly [name: string, operation: JsonObject])[] {
  return Object.entries(document["paths"] as JsonObject).flatMap(([path, item]) =>
    Object.entries(item as JsonObject).map(
      ([method, operation]) => [`${method} ${path}`, operation as JsonObject] as const,
    ),
  );
}

function refsIn(value: JsonValue): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: JsonValue) => refsIn(item));
  if (!isJsonObject(value)) return [];
  const { $ref } = value;
  return [...(typeof $ref === "string" ? [$ref] : []), ...Object.values(value).flatMap(refsIn)];
}

test("every operation needs a right that is known, and says what it does and answers", () => {
  expect(operations().length).toBeGreaterThan(5);
  for (const [name, operation] of operations()) {
    const scope = operation["x-scope"];
    expect(Object.keys(scopes), name).toContain(scope);
    expect(operation["security"], name).toEqual([{ bearer: [scope] }]);
    expect(["read", "write", "destructive"], name).toContain(operation["x-effect"]);
    expect(operation["summary"], name).toMatch(/^[A-Z].{5,}[^.]$/);
    const responses = Object.keys(operation["responses"] as JsonObject);
    expect(responses, name).toEqual(expect.arrayContaining(["400", "401", "403", "429", "500"]));
    expect(responses.filter((status) => status.startsWith("2")).length, name).toBeGreaterThan(0);
  }
});

test("nothing changes anything on GET, and what changes something is no GET", () => {
  for (const route of allRoutes) {
    // Some questions do not fit into an address: they are asked by POST, and make nothing.
    const isQuestion =
      route.method === "POST" &&
      route.effect === "read" &&
      route.body !== undefined &&
      "schema" in route.answer &&
      route.answer.status === 200;
    expect(route.method === "GET", route.name).toBe(route.effect === "read" && !isQuestion);
  }
});

test("operations have names of their own, and every right is asked for somewhere", () => {
  const ids = allRoutes.map(({ name }) => name);
  expect(ids.filter((id) => !/^[a-z]+[A-Z]\w+$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  const places = allRoutes.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, "{}")}`);
  expect(new Set(places).size).toBe(places.length);
  const asked = new Set(allRoutes.map(({ scope }) => scope));
  expect(Object.keys(scopes).filter((scope) => !asked.has(scope as keyof typeof scopes))).toEqual(
    [],
  );
});

test("names in paths are parameters with a schema", () => {
  for (const { path, params } of allRoutes) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(params?.shape ?? {}), path).toEqual(names);
  }
});

test("every reference leads somewhere, and every schema is one", () => {
  const known = (document["components"] as JsonObject)["schemas"] as JsonObject;
  const refs = new Set(refsIn(document));
  expect(refs.size).toBeGreaterThan(1);
  for (const ref of refs) expect(Object.keys(known)).toContain(ref.split("/").at(-1));
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "api");
  for (const name of Object.keys(known)) {
    expect(ajv.getSchema(`api#/components/schemas/${name}`), name).toBeTypeOf("function");
  }
});

test("the page shows every operation and asks nobody else for anything", () => {
  const { html, css } = referencePage(allRoutes);
  for (const { path, summary } of allRoutes) {
    expect(html).toContain(path);
    expect(html).toContain(summary);
  }
  expect(html + css).not.toMatch(/https?:|\/\/|<script|style=/);
});
