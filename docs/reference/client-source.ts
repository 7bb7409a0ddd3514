import { isJsonObject, type JsonObject, type JsonValue } from "../../src/base/json.ts";
import { openApi } from "../../src/http/openapi.ts";
import { allRoutes } from "../../src/http/routes/all.ts";
import { typeOf } from "./schema-types.ts";

const opening = `// Made from the routes in src/http/routes/. To change this file, change them and run:
// node docs/reference/generate-client.ts

import type { Call, Follow, NoInput, Result } from "./call.ts";
`;

/** The file \`client/operations.ts\`, made of the OpenAPI document: its forms, and every operation. */
export function clientSource(): string {
  const document = openApi(allRoutes);
  const { schemas } = document["components"] as { readonly schemas: JsonObject };
  const operations = operationsOf(document["paths"] as JsonObject);
  const forms = Object.entries(schemas).map(([name, schema]) => form(typeName(name), schema));
  const answers = operations.flatMap((operation) => operation.forms);
  return [
    opening,
    ...forms,
    ...answers,
    `/** Every operation of the API. */\nexport interface Operations {\n${operations.map(({ member }) => member).join("\n")}\n}\n`,
    `/** Where each operation is, and what goes where. */\nexport const operations = {\n${operations.map(({ entry }) => entry).join("\n")}\n} as const;\n`,
  ].join("\n");
}

interface Operation {
  readonly forms: readonly string[];
  /** Its line in the interface, with its description. */
  readonly member: string;
  /** Its line in the table. */
  readonly entry: string;
}

function operationsOf(paths: JsonObject): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as JsonObject).map(([method, operation]) =>
      operationOf(path, method.toUpperCase(), operation as JsonObject),
    ),
  );
}

function operationOf(path: string, method: string, operation: JsonObject): Operation {
  const id = wordOf(operation["operationId"]);
  const capital = typeName(id);
  const { kind, schema } = answerOf(operation["responses"] as JsonObject);
  const input = inputOf(operation, id);
  const answer = isReference(schema) ? typeOf(schema) : `${capital}Answer`;
  const forms = [
    ...(input === undefined ? [] : [`export interface ${capital}Input ${input.type}\n`]),
    ...(isReference(schema) ? [] : [form(answer, schema)]),
  ];
  const given = input === undefined ? "NoInput" : `${capital}Input`;
  const needed = input?.required === true ? given : `${given} | undefined`;
  const returns =
    kind === "events"
      ? `Follow<${needed}, ${answer}>`
      : `Call<${needed}, Result<${kind === "lines" ? `AsyncIterable<${answer}>` : answer}>>`;
  const words = [`${wordOf(operation["summary"])}.`, operation["description"]].filter(
    (text) => typeof text === "string",
  );
  const facts = `\`${method} ${path}\`, scope \`${wordOf(operation["x-scope"])}\`.`;
  const names = (where: string): string =>
    JSON.stringify(
      input?.places.filter((one) => one.where === where).map(({ name }) => name) ?? [],
    );
  const seconds = operation["x-seconds"];
  const limit = typeof seconds === "number" ? `, seconds: ${seconds}` : "";
  return {
    forms,
    member: `${comment([...words, facts], "  ")}  readonly ${id}: ${returns};`,
    entry: `  ${id}: { method: "${method}", path: "${path}", query: ${names("query")}, answer: "${kind}"${limit} },`,
  };
}

/** What an operation gives where all went well: text where it is of another kind or of several. */
function answerOf(responses: JsonObject): {
  kind: "json" | "lines" | "events" | "text";
  schema: JsonValue;
} {
  const success = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1];
  const content = (success as JsonObject)["content"] as JsonObject;
  const forms = Object.entries(content);
  const [type = "", form = null] = forms[0] ?? [];
  const kinds = {
    "application/json": "json",
    "application/x-ndjson": "lines",
    "text/event-stream": "events",
  } as const;
  if (forms.length > 1 || !(type in kinds)) return { kind: "text", schema: { type: "string" } };
  return { kind: kinds[type as keyof typeof kinds], schema: (form as JsonObject)["schema"] ?? {} };
}

interface Input {
  readonly type: string;
  readonly required: boolean;
  readonly places: readonly { readonly name: string; readonly where: string }[];
}

/** Parameters by their names, and the body as \`body\`; undefined where it takes nothing. */
function inputOf(operation: JsonObject, id: string): Input | undefined {
  const parameters = (operation["parameters"] as readonly JsonObject[]).map((one) => ({
    name: wordOf(one["name"]),
    where: wordOf(one["in"]),
    required: one["required"] === true,
    schema: { ...(one["schema"] as JsonObject), description: one["description"] ?? "" },
  }));
  const body = operation["requestBody"];
  const bodies = isJsonObject(body)
    ? [
        {
          name: "body",
          where: "body",
          required: body["required"] === true,
          schema: ((body["content"] as JsonObject)["application/json"] as JsonObject)["schema"],
        },
      ]
    : [];
  const places = [...parameters, ...bodies];
  if (places.length === 0) return undefined;
  if (new Set(places.map(({ name }) => name)).size < places.length) {
    throw new Error(`Two inputs of ${id} have one name: the client cannot tell them apart.`);
  }
  const type = typeOf(
    {
      type: "object",
      properties: Object.fromEntries(places.map(({ name, schema }) => [name, schema ?? {}])),
      required: places.filter(({ required }) => required).map(({ name }) => name),
      additionalProperties: false,
    },
    "",
    "input",
  );
  return { type, required: places.some(({ required }) => required), places };
}

function isReference(schema: JsonValue): boolean {
  return isJsonObject(schema) && typeof schema["$ref"] === "string";
}

function form(name: string, schema: JsonValue | undefined): string {
  return `export type ${name} = ${typeOf(schema, "")};\n`;
}

/** The name of a form as types have them. */
function typeName(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Lines as a comment above what they speak of. */
function comment(lines: readonly JsonValue[], indent: string): string {
  const text = lines
    .map((line) => `${indent} * ${wordOf(line).replaceAll("*/", "*\\/")}\n`)
    .join("");
  return `${indent}/**\n${text}${indent} */\n`;
}

/** A word of the document. @throws Error for anything else */
function wordOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  throw new Error(`This is no word of the document: ${JSON.stringify(value)}`);
}
