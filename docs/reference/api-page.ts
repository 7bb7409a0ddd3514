import { isJsonObject, type JsonObject, type JsonValue } from "../../src/base/json.ts";
import { openApi } from "../../src/http/openapi.ts";
import { allRoutes } from "../../src/http/routes/all.ts";

const opening = `# The API

<!-- Made from the routes in src/http/routes/. To change this page, change them and run:
     node docs/reference/generate-api.ts -->

\`agent33 serve\` serves these operations ([the guide](../guides/serve.md)), and says the same of itself
under \`/openapi.json\` (OpenAPI 3.1, with every form) and \`/docs\`. Each needs
\`Authorization: Bearer KEY\` with the scope that it names. Errors are problems as in RFC 9457, with the
[codes](errors.md) that errors have everywhere. \`effect\` is what an operation does to what is kept:
nothing that is asked with GET changes anything. Which command does the same is in
[the table of both](cli-and-api.md).

Without a key there are \`/health/live\` (the process lives), \`/health/ready\` (it takes requests and
reads its store), which answer to \`/healthz\` and \`/readyz\` as well, \`/openapi.json\` and \`/docs\`.
`;

/** The page \`api.md\`, made of the OpenAPI document. */
export function apiPage(): string {
  const document = openApi(allRoutes);
  const operations = Object.entries(document["paths"] as JsonObject).flatMap(([path, item]) =>
    Object.entries(item as JsonObject).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: operation as JsonObject,
    })),
  );
  const groups = Map.groupBy(operations, ({ operation }) => text(list(operation["tags"])[0]));
  const sections = [...groups].map(
    ([tag, members]) => `\n## ${tag}\n${members.map(section).join("")}`,
  );
  return `${opening}${scopesTable(document["x-scopes"] as JsonObject)}${sections.join("")}`;
}

function scopesTable(scopes: JsonObject): string {
  const rows = Object.entries({ admin: "everything", ...scopes }).map(
    ([name, meaning]) => `| \`${name}\` | ${text(meaning)} |\n`,
  );
  return `\n## Scopes\n\n| scope | allows to |\n| --- | --- |\n${rows.join("")}`;
}

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: JsonObject;
}

function section({ path, method, operation }: Operation): string {
  const description = operation["description"];
  const responses = operation["responses"] as JsonObject;
  const [success = "", ...others] = Object.keys(responses);
  const facts = `Scope \`${text(operation["x-scope"])}\`, effect ${text(operation["x-effect"])}; \`${text(operation["operationId"])}\`. Answers ${success}${others.length === 0 ? "" : `; problems ${others.join(", ")}`}.`;
  const fields = [...parametersOf(operation), ...bodyFields(operation)];
  const table =
    fields.length === 0
      ? ""
      : `\n| in | name | form | meaning |\n| --- | --- | --- | --- |\n${fields.join("")}`;
  const words = typeof description === "string" ? ` ${description}` : "";
  return `\n### ${method} ${path}\n\n${text(operation["summary"])}.${words}\n\n${facts}\n${table}`;
}

function parametersOf(operation: JsonObject): readonly string[] {
  return list(operation["parameters"]).flatMap((parameter) => {
    if (!isJsonObject(parameter)) return [];
    const { name, description, schema, required } = parameter;
    const where = text(parameter["in"]);
    return [row(where, text(name), schema, description, required === true)];
  });
}

function bodyFields(operation: JsonObject): readonly string[] {
  const body = operation["requestBody"];
  if (!isJsonObject(body)) return [];
  const content = body["content"] as JsonObject;
  const schema = (content["application/json"] as JsonObject)["schema"] as JsonObject;
  const forms = list(schema["anyOf"] ?? schema["oneOf"]).filter((form) => isJsonObject(form));
  return (forms.length === 0 ? [schema] : forms).flatMap((form) => {
    const required = list(form["required"]);
    return Object.entries((form["properties"] ?? {}) as JsonObject).map(([name, field]) => {
      const { description, ...rest } = field as JsonObject;
      return row("body", name, rest, description, required.includes(name));
    });
  });
}

function row(
  where: string,
  name: string,
  schema: JsonValue | undefined,
  description: JsonValue | undefined,
  required: boolean,
): string {
  const meaning = typeof description === "string" ? description : "";
  const form = formOf(schema).replaceAll("|", "\\|");
  return `| ${where} | \`${name}\`${required ? " (required)" : ""} | ${form} | ${meaning.replaceAll("|", "\\|")} |\n`;
}

function formOf(schema: JsonValue | undefined): string {
  if (!isJsonObject(schema)) return "";
  const { $ref, type, items, minimum, maximum } = schema;
  const choices = schema["enum"];
  const usual =
    schema["default"] === undefined ? "" : `, by default \`${JSON.stringify(schema["default"])}\``;
  if (typeof $ref === "string") return `\`${$ref.slice($ref.lastIndexOf("/") + 1)}\``;
  if (Array.isArray(choices))
    return `${choices.map((one) => `\`${text(one)}\``).join(", ")}${usual}`;
  if (schema["const"] !== undefined) return `\`${text(schema["const"])}\``;
  const bounds = [
    minimum === undefined ? "" : ` from ${text(minimum)}`,
    maximum === undefined ? "" : ` to ${text(maximum)}`,
  ];
  const of = items === undefined ? "" : ` of ${formOf(items)}`;
  return `${text(type ?? "any")}${of}${type === "integer" ? bounds.join("") : ""}${usual}`;
}

/** A word of the document as text. */
function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
