import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/base/json.ts";
import type { Random } from "../../../src/base/random.ts";
import type { Route } from "../../../src/http/route.ts";
import { broken, oddText, pick, valueOf } from "./values.ts";
import type { FuzzWorld } from "./world.ts";

/** One request, and what it may come to. */
export interface FuzzRequest {
  /** How it was made, for the report. */
  readonly kind: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Where only these statuses are right. */
  readonly only?: readonly number[];
}

const deep = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;

/** The requests of one round to one route. */
export function requestsOf(
  route: Route,
  document: JsonObject,
  world: FuzzWorld,
  random: Random,
): readonly FuzzRequest[] {
  const operation = operationOf(route, document);
  const schemas = part(part(document, "components"), "schemas");
  const { own, others, tokens } = world;
  const known = (): string => pick(random, [...own, "mcp:gone", "openai:gpt-5"]);
  const anything = (): string => pick(random, [...own, ...others, oddText(random)]);
  const bodySchema = part(
    part(part(part(operation, "requestBody"), "content"), "application/json"),
    "schema",
  );
  const hasBody = route.body !== undefined;
  const body = () => calm(valueOf(bodySchema, schemas, random, known));
  const request = (
    kind: string,
    more: Partial<Omit<FuzzRequest, "kind" | "method">> & { readonly names?: () => string } = {},
  ): FuzzRequest => {
    const { names = known, headers, ...rest } = more;
    return {
      kind,
      method: route.method,
      url: urlOf(route, operation, schemas, random, names),
      ...(hasBody ? { body: JSON.stringify(body()) } : {}),
      ...rest,
      headers: {
        authorization: `Bearer ${tokens.admin}`,
        ...(hasBody ? { "content-type": "application/json" } : {}),
        ...headers,
      },
    };
  };
  const wrong = wrongScope(route, tokens);
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const all = [
    request("generated"),
    request("ids of the other tenant", { names: () => pick(random, others) }),
    request("odd names", { names: anything }),
    request("odd headers", {
      headers: {
        "last-event-id": pick(random, ["-1", "x", "9".repeat(30), "1"]),
        "x-forwarded-for": "203.0.113.9",
        "x-http-method-override": "DELETE",
        accept: "text/html",
      },
    }),
    request("no token", { headers: { authorization: "" }, only: [401] }),
    request("a forged token", {
      ...bearer(`${tokens.admin.slice(0, -2)}xx`),
      only: [401],
    }),
    request("an expired key", { ...bearer(tokens.expired), only: [401] }),
    request("a revoked key", { ...bearer(tokens.revoked), only: [401] }),
    request("an unsigned token", { ...bearer(unsigned), only: [401] }),
    request("a key without the right", { ...bearer(wrong), only: [403] }),
  ];
  if (!hasBody) return all;
  return [
    ...all,
    request("a broken body", { body: JSON.stringify(broken(body(), random)) }),
    request("a deep body", { body: deep, only: [400] }),
    request("a huge body", { body: JSON.stringify({ text: "x".repeat(1_200_000) }), only: [413] }),
    request("no JSON", { body: pick(random, ["{", "nul", '{"a":1}{']), only: [400] }),
    request("no UTF-8", { body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]), only: [400] }),
    request("another type", { headers: { "content-type": "text/plain" }, only: [400, 415] }),
    request("prototype names", { body: '{"__proto__":{"x":1}}', only: [400] }),
  ];
}

const unsigned = [
  { alg: "none", typ: "JWT" },
  { sub: "x", tenant: "one", scope: "admin" },
]
  .map((one) => Buffer.from(JSON.stringify(one)).toString("base64url"))
  .join(".")
  .concat(".");

function wrongScope({ scope }: Route, { of }: FuzzWorld["tokens"]): string {
  for (const [name, token] of of) if (name !== scope) return token;
  throw new TypeError("there is no other right");
}

/** What would only make a round long: nobody waits for answers here. */
function calm(body: JsonValue): JsonValue {
  if (!isJsonObject(body)) return body;
  return "waitSeconds" in body ? { ...body, waitSeconds: 0 } : body;
}

function urlOf(
  route: Route,
  operation: JsonObject,
  schemas: JsonObject,
  random: Random,
  names: () => string,
): string {
  const path = route.path.replace(/\{\w+\}/g, () => encodeURIComponent(names().toWellFormed()));
  const query = new URLSearchParams();
  const parameters = Array.isArray(operation["parameters"]) ? operation["parameters"] : [];
  for (const parameter of parameters) {
    if (!isJsonObject(parameter) || parameter["in"] !== "query" || random.next() < 0.6) continue;
    const { name } = parameter;
    const value = valueOf(part(parameter, "schema"), schemas, random, names);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    query.append(typeof name === "string" ? name : "", text.toWellFormed());
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

export function operationOf({ path, method }: Route, document: JsonObject): JsonObject {
  return part(part(part(document, "paths"), path), method.toLowerCase());
}

function part(value: JsonObject, name: string): JsonObject {
  const found = value[name];
  return isJsonObject(found) ? found : {};
}
