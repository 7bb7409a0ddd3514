import { isJsonObject, type JsonObject, type JsonValue, textOf } from "../base/json.ts";
import { compareSchemas } from "./json-schema-change.ts";

/** What an OpenAPI document promises otherwise, a sentence each. */
export interface ApiDifference {
  readonly breaking: readonly string[];
  readonly other: readonly string[];
  readonly unclear: readonly string[];
}

interface Documents {
  readonly before: JsonObject;
  readonly after: JsonObject;
}
interface Notes {
  readonly breaking: Set<string>;
  readonly other: Set<string>;
  readonly unclear: Set<string>;
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** Compares two OpenAPI documents as who calls the interface sees them. */
export function compareApis(before: JsonObject, after: JsonObject): ApiDifference {
  const notes: Notes = { breaking: new Set(), other: new Set(), unclear: new Set() };
  const documents = { before, after };
  const [one, other] = [operationsOf(before), operationsOf(after)];
  for (const [name, was] of one) {
    const is = other.get(name);
    if (is === undefined) notes.breaking.add(`${name} is gone`);
    else operation(notes, documents, name, was, is);
  }
  for (const name of other.keys()) if (!one.has(name)) notes.other.add(`${name} is new`);
  const { breaking, unclear } = notes;
  return { breaking: [...breaking], other: [...notes.other], unclear: [...unclear] };
}

function operationsOf(document: JsonObject): ReadonlyMap<string, JsonObject> {
  const paths = tableOf(document["paths"]);
  return new Map(
    Object.entries(paths).flatMap(([path, item]) => {
      const shared = listOf(tableOf(item)["parameters"]);
      return methods.flatMap((method) => {
        const found = tableOf(item)[method];
        if (!isJsonObject(found)) return [];
        const parameters = [...shared, ...listOf(found["parameters"])];
        return [[`${method.toUpperCase()} ${path}`, { ...found, parameters }] as const];
      });
    }),
  );
}

function operation(
  notes: Notes,
  documents: Documents,
  name: string,
  was: JsonObject,
  is: JsonObject,
): void {
  parameters(notes, documents, name, was, is);
  const [body, bodyNow] = [
    target(was["requestBody"], documents.before),
    target(is["requestBody"], documents.after),
  ];
  if (bodyNow["required"] === true && body["required"] !== true) {
    notes.breaking.add(`${name} needs a body now`);
  }
  contents(notes, documents, `${name} body`, body, bodyNow, "narrowed");
  const [answers, answersNow] = [tableOf(was["responses"]), tableOf(is["responses"])];
  for (const [status, answer] of Object.entries(answers)) {
    const now = answersNow[status];
    const place = `${name} ${status}`;
    if (now === undefined) {
      (status.startsWith("2") ? notes.breaking : notes.other).add(`${place} is gone`);
      continue;
    }
    const [one, other] = [target(answer, documents.before), target(now, documents.after)];
    contents(notes, documents, place, one, other, "widened");
  }
  for (const status of Object.keys(answersNow)) {
    if (answers[status] === undefined) notes.other.add(`${name} may answer ${status} now`);
  }
  if (JSON.stringify(was["security"]) !== JSON.stringify(is["security"])) {
    notes.unclear.add(`${name} asks for other rights`);
  }
}

function parameters(
  notes: Notes,
  { before, after }: Documents,
  name: string,
  was: JsonObject,
  is: JsonObject,
): void {
  const named = (list: JsonValue | undefined, document: JsonObject) =>
    new Map(
      listOf(list).map((entry) => {
        const found = target(entry, document);
        return [`${textOf(found["in"])} ${textOf(found["name"])}`, found] as const;
      }),
    );
  const [one, other] = [named(was["parameters"], before), named(is["parameters"], after)];
  for (const [key, now] of other) {
    const old = one.get(key);
    if (now["required"] === true && old?.["required"] !== true) {
      notes.breaking.add(`${name} needs the ${key} now`);
    } else if (old === undefined) notes.other.add(`${name} takes the ${key} now`);
    if (old !== undefined) {
      const place = `${name} ${key}`;
      const found = compareSchemas(
        old["schema"] ?? true,
        now["schema"] ?? true,
        { before, after },
        place,
      );
      take(notes, found, "narrowed");
    }
  }
  for (const key of one.keys()) {
    if (!other.has(key)) notes.breaking.add(`${name} does not take the ${key} any more`);
  }
}

function contents(
  notes: Notes,
  documents: Documents,
  place: string,
  was: JsonObject,
  is: JsonObject,
  breaks: "narrowed" | "widened",
): void {
  const [one, other] = [tableOf(was["content"]), tableOf(is["content"])];
  for (const [type, entry] of Object.entries(one)) {
    const now = other[type];
    if (now === undefined) {
      notes.breaking.add(`${place} is not ${type} any more`);
      continue;
    }
    const [old, fresh] = [tableOf(entry)["schema"] ?? true, tableOf(now)["schema"] ?? true];
    take(notes, compareSchemas(old, fresh, documents, place), breaks);
  }
}

function take(
  notes: Notes,
  found: ReturnType<typeof compareSchemas>,
  breaks: "narrowed" | "widened",
): void {
  for (const what of found[breaks]) notes.breaking.add(what);
  for (const what of found[breaks === "narrowed" ? "widened" : "narrowed"]) notes.other.add(what);
  for (const what of found.added) notes.other.add(what);
  for (const what of found.unclear) notes.unclear.add(what);
}

/** What stands at a place, or where its reference leads. */
function target(value: JsonValue | undefined, document: JsonObject): JsonObject {
  const table = tableOf(value);
  const ref = table["$ref"];
  if (typeof ref !== "string" || !ref.startsWith("#/")) return table;
  let found: JsonValue | undefined = document;
  for (const part of ref.split("/").slice(1)) {
    found = tableOf(found)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return tableOf(found);
}

const tableOf = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {});
const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? value : [];
