import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/base/json.ts";
import { openApi } from "../../src/http/openapi.ts";
import { allRoutes } from "../../src/http/routes/all.ts";
import { grantable } from "../../src/http/scopes.ts";
import { scriptedApi, type TestApi } from "../support/api.ts";

/** Requests that the reference allows, and ones that it does not, to every operation. */
const document = openApi(allRoutes);
const schemas = (document["components"] as JsonObject)["schemas"] as JsonObject;
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, "api");

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly facts: JsonObject;
}

const operations: readonly Operation[] = Object.entries(document["paths"] as JsonObject).flatMap(
  ([path, item]) =>
    Object.entries(item as JsonObject).map(([method, facts]) => ({
      method: method.toUpperCase(),
      path,
      facts: facts as JsonObject,
    })),
);

const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", "\0", "\ud800", "../../etc/passwd", "%00", "' OR 1=1 --", "__proto__", "a@1"),
);
const oddJson = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>({ ["__proto__"]: 1 }, [], null, "", 1e308, { constructor: {} }),
);

/** Values that fit a schema, mostly. */
function fitting(schema: JsonValue | undefined, depth = 0): fc.Arbitrary<unknown> {
  if (!isJsonObject(schema) || depth > 4) return oddJson;
  const { $ref, type, properties, minimum = 0, maximum = 1_000 } = schema;
  if (typeof $ref === "string") {
    return fitting(schemas[$ref.slice($ref.lastIndexOf("/") + 1)], depth + 1);
  }
  const [choices, forms] = [schema["enum"], schema["anyOf"] ?? schema["oneOf"]];
  if (Array.isArray(choices)) return fc.constantFrom<unknown>(...choices);
  if (schema["const"] !== undefined) return fc.constant(schema["const"]);
  if (Array.isArray(forms)) {
    return fc.oneof(...forms.map((form: JsonValue) => fitting(form, depth + 1)));
  }
  switch (typeof type === "string" ? type : "") {
    case "object": {
      if (!isJsonObject(properties)) return fc.dictionary(fc.string({ maxLength: 5 }), oddJson);
      const required = schema["required"];
      const parts = Object.entries(properties).map(
        ([name, part]) => [name, fitting(part, depth + 1)] as const,
      );
      return fc.record(Object.fromEntries(parts), {
        requiredKeys: Array.isArray(required) ? (required as string[]) : [],
      });
    }
    case "array":
      return fc.array(fitting(schema["items"], depth + 1), { maxLength: 3 });
    case "integer":
      return fc.integer({ min: Number(minimum), max: Math.min(Number(maximum), 1_000_000) });
    case "number":
      return fc.double();
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("worker", "x:y", "runs:read"));
    default:
      return oddJson;
  }
}

/** What is held against the reference: no answer may be one that it does not name. */
function check({ path, method, facts }: Operation, status: number, type: string, body: unknown) {
  const where = `${method} ${path} ${status}`;
  expect(status, `${where} ${JSON.stringify(body)}`).toBeLessThan(500);
  const answer = (facts["responses"] as JsonObject)[String(status)];
  expect(isJsonObject(answer), where).toBe(true);
  const content = (answer as JsonObject)["content"];
  if (!isJsonObject(content) || body === undefined) return;
  const media = content[type];
  expect(isJsonObject(media), `${where} ${type}`).toBe(true);
  const schema = JSON.parse(
    JSON.stringify((media as JsonObject)["schema"]).replaceAll('"#/', '"api#/'),
  ) as JsonObject;
  const validate = ajv.compile(schema);
  expect(validate(body), `${where} ${JSON.stringify(validate.errors)}`).toBe(true);
}

async function idsOf(api: TestApi): Promise<readonly string[]> {
  const run = await api.ask("POST", "/v1/runs", { body: { task: "Say done." } });
  const key = await api.ask("POST", "/v1/keys", { body: { name: "k", scopes: ["runs:read"] } });
  await api.work("one");
  return [(run.body as { id: string }).id, (key.body as { key: { id: string } }).key.id];
}

test("no request makes the service fail or answer otherwise than the reference says", async () => {
  const api = await scriptedApi([{ text: "Done." }], { "serve.concurrency": 0 });
  const ids = await idsOf(api);
  const tenants = ["one", "two"];
  const request = fc.constantFrom(...operations).chain((operation) => {
    const content = operation.facts["requestBody"];
    const schema = isJsonObject(content)
      ? ((content["content"] as JsonObject)["application/json"] as JsonObject)["schema"]
      : undefined;
    const query = (operation.facts["parameters"] as readonly JsonObject[]).filter(
      (parameter) => parameter["in"] === "query",
    );
    return fc.record({
      operation: fc.constant(operation),
      id: fc.oneof(fc.constantFrom(...ids, "worker"), oddText),
      query: fc.record(
        Object.fromEntries(
          query.map(({ name, schema: form }) => [
            name as string,
            fc.oneof(fitting(form).map(String), oddText),
          ]),
        ),
        { requiredKeys: [] },
      ),
      body: schema === undefined ? fc.constant(undefined) : fc.oneof(fitting(schema), oddJson),
      tenant: fc.constantFrom(...tenants),
      scopes: fc.oneof(
        fc.constant(["admin" as const]),
        fc.subarray([...grantable], { minLength: 1 }),
      ),
    });
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ operation, id, query, body, tenant, scopes }) => {
      const path = operation.path.replace(/\{\w+\}/g, encodeURIComponent(id.toWellFormed()));
      const search = new URLSearchParams(query as Record<string, string>).toString();
      const asked = isJsonObject(body as JsonValue)
        ? { waitSeconds: 0, ...(body as object) }
        : body;
      const isInvoke = operation.path.includes("invoke");
      const answer = await api.ask(operation.method, search === "" ? path : `${path}?${search}`, {
        as: api.key(tenant, scopes),
        ...(body === undefined ? {} : { body: isInvoke ? asked : body }),
      });
      // A path that is another operation's, or none, is looked at there.
      if ([404, 405].includes(answer.status) && id.toWellFormed() === "") return;
      const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
      check(operation, answer.status, type, answer.body);
      // Nothing of the other tenant's is ever in an answer.
      if (tenant === "two" && !id.includes(ids[0] ?? "")) {
        expect(answer.text).not.toContain(ids[0]);
      }
    }),
    { numRuns: 400, endOnFailure: true },
  );
}, 300_000);
