import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";

/** What differs between two schemas, a sentence each. */
export interface SchemaDifference {
  /** What was valid may be refused now: breaks who writes documents. */
  readonly narrowed: readonly string[];
  /** What was promised may be missing or of another form now: breaks who reads documents. */
  readonly widened: readonly string[];
  /** Breaks nobody who leaves alone what he does not know. */
  readonly added: readonly string[];
  /** It cannot be told from the keywords. */
  readonly unclear: readonly string[];
}

type Kind = keyof SchemaDifference;
type Note = (kind: Kind, place: string, what: string) => void;

interface Walk {
  readonly before: JsonValue;
  readonly after: JsonValue;
  readonly note: Note;
  /** Pairs of references that are being looked at, or were. */
  readonly seen: Set<string>;
}

/** Keywords that say nothing about what is valid. */
const remarks = new Set([
  "title",
  "description",
  "examples",
  "example",
  "default",
  "$comment",
  "deprecated",
  "$schema",
  "$id",
  "id",
  "$defs",
  "definitions",
  "components",
  "markdownDescription",
  "readOnly",
  "writeOnly",
]);
const lowest = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const highest = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
const walked = new Set(
  "type enum const required properties additionalProperties items $ref anyOf oneOf allOf"
    .split(" ")
    .concat(lowest, highest),
);

/**
 * Compares two JSON Schemas by the keywords that can be compared; any other that differs is
 * `unclear`. References are followed within their document.
 * @param documents where references lead; default: the schemas themselves
 */
export function compareSchemas(
  before: JsonValue,
  after: JsonValue,
  documents: { readonly before: JsonValue; readonly after: JsonValue } = { before, after },
  place = "",
): SchemaDifference {
  const found: Record<Kind, Set<string>> = {
    narrowed: new Set(),
    widened: new Set(),
    added: new Set(),
    unclear: new Set(),
  };
  const note: Note = (kind, at, what) => void found[kind].add(`${at === "" ? "it" : at} ${what}`);
  compare({ ...documents, note, seen: new Set() }, before, after, place);
  const { narrowed, widened, added, unclear } = found;
  return {
    narrowed: [...narrowed],
    widened: [...widened],
    added: [...added],
    unclear: [...unclear],
  };
}

function compare(walk: Walk, before: JsonValue, after: JsonValue, place: string): void {
  const pair = canonicalJson([refOf(before), refOf(after)]);
  if (refOf(before) !== null || refOf(after) !== null) {
    if (walk.seen.has(pair)) return;
    walk.seen.add(pair);
  }
  const [one, other] = [resolved(before, walk.before), resolved(after, walk.after)];
  const { note } = walk;
  if (!isJsonObject(one) || !isJsonObject(other)) {
    if (canonicalJson(one) === canonicalJson(other)) return;
    if (other === false) note("narrowed", place, "is not allowed any more");
    else if (one === false) note("widened", place, "is allowed now");
    else note("unclear", place, "has another form");
    return;
  }
  types(note, one, other, place);
  values(note, one, other, place);
  bounds(note, one, other, place);
  members(walk, one, other, place);
  for (const word of ["anyOf", "oneOf", "allOf"]) choices(walk, word, one, other, place);
  if ("items" in one || "items" in other) {
    compare(walk, one["items"] ?? true, other["items"] ?? true, `${place}[]`);
  }
  for (const word of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (remarks.has(word) || walked.has(word) || word.startsWith("x-")) continue;
    if (same(one[word], other[word])) continue;
    note("unclear", place, `has another ${word}`);
  }
}

const same = (one: JsonValue | undefined, other: JsonValue | undefined): boolean =>
  canonicalJson(one ?? null) === canonicalJson(other ?? null);

function refOf(schema: JsonValue): string | null {
  return isJsonObject(schema) && typeof schema["$ref"] === "string" ? schema["$ref"] : null;
}

/** @returns the schema that a chain of references leads to; the reference itself where it leads nowhere */
function resolved(schema: JsonValue, document: JsonValue): JsonValue {
  let at = schema;
  for (let hops = 0; hops < 20; hops += 1) {
    const ref = refOf(at);
    if (ref === null || !ref.startsWith("#")) return at;
    let found: JsonValue | undefined = document;
    for (const part of ref.split("/").slice(1)) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      found = isJsonObject(found) ? found[key] : undefined;
    }
    if (found === undefined) return at;
    at = found;
  }
  return at;
}

function types(note: Note, before: JsonObject, after: JsonObject, place: string): void {
  const [one, other] = [before, after].map(({ type }) =>
    type === undefined ? undefined : new Set([type].flat().map(String)),
  );
  if (one === undefined && other === undefined) return;
  if (one === undefined)
    return note("narrowed", place, `must be ${[...(other ?? [])].join(" or ")} now`);
  if (other === undefined) return note("widened", place, "may be of any type now");
  const has = (all: ReadonlySet<string>, type: string): boolean =>
    all.has(type) || (type === "integer" && all.has("number"));
  const gone = [...one].filter((type) => !has(other, type));
  const fresh = [...other].filter((type) => !has(one, type));
  if (gone.length > 0) note("narrowed", place, `may not be ${gone.join(" or ")} any more`);
  if (fresh.length > 0) note("widened", place, `may be ${fresh.join(" or ")} now`);
}

function values(note: Note, before: JsonObject, after: JsonObject, place: string): void {
  const [one, other] = [before, after].map((schema) => {
    const list = schema["const"] === undefined ? schema["enum"] : [schema["const"]];
    return Array.isArray(list) ? new Set(list.map((value) => canonicalJson(value))) : undefined;
  });
  if (one === undefined && other === undefined) return;
  if (one === undefined) return note("narrowed", place, "has a list of values now");
  if (other === undefined) return note("widened", place, "may have any value now");
  const gone = [...one].filter((value) => !other.has(value));
  const fresh = [...other].filter((value) => !one.has(value));
  if (gone.length > 0) note("narrowed", place, `may not be ${gone.join(", ")} any more`);
  if (fresh.length > 0) note("widened", place, `may be ${fresh.join(", ")} now`);
}

function bounds(note: Note, before: JsonObject, after: JsonObject, place: string): void {
  for (const [words, sign] of [
    [lowest, 1],
    [highest, -1],
  ] as const) {
    for (const word of words) {
      const [was, is] = [before[word], after[word]];
      if (same(was, is)) continue;
      if (typeof was === "number" && typeof is === "number") {
        const tighter = (is - was) * sign > 0;
        note(tighter ? "narrowed" : "widened", place, `has the ${word} ${is} and not ${was}`);
      } else if (was === undefined && typeof is === "number") {
        note("narrowed", place, `has a ${word} now`);
      } else if (is === undefined && typeof was === "number") {
        note("widened", place, `has no ${word} any more`);
      } else note("unclear", place, `has another ${word}`);
    }
  }
}

function members(walk: Walk, before: JsonObject, after: JsonObject, place: string): void {
  const { note } = walk;
  const below = (name: string): string => (place === "" ? name : `${place}.${name}`);
  const required = ({ required }: JsonObject): readonly string[] =>
    Array.isArray(required) ? required.map(String) : [];
  const [needed, needs] = [required(before), required(after)];
  for (const name of needs) {
    if (!needed.includes(name)) note("narrowed", below(name), "is required now");
  }
  for (const name of needed) {
    if (!needs.includes(name)) note("widened", below(name), "is not required any more");
  }
  const [one, other] = [before, after].map(({ properties }) =>
    isJsonObject(properties) ? properties : {},
  ) as [JsonObject, JsonObject];
  for (const [name, schema] of Object.entries(one)) {
    const now = Object.hasOwn(other, name) ? other[name] : undefined;
    if (now !== undefined) compare(walk, schema, now, below(name));
    else {
      if (after["additionalProperties"] === false)
        note("narrowed", below(name), "is not known any more");
      note("widened", below(name), "is gone");
    }
  }
  for (const name of Object.keys(other)) {
    if (!Object.hasOwn(one, name)) note("added", below(name), "is new");
  }
  const [was, is] = [before["additionalProperties"] ?? true, after["additionalProperties"] ?? true];
  if (was !== false && is === false) note("narrowed", place, "may have no other members now");
  else if (was === false && is !== false) note("added", place, "may have other members now");
  else if (isJsonObject(was) || isJsonObject(is)) compare(walk, was, is, below("*"));
}

function choices(walk: Walk, word: string, before: JsonObject, after: JsonObject, place: string) {
  const [was, is] = [before[word], after[word]];
  if (was === undefined && is === undefined) return;
  if (!Array.isArray(was) || !Array.isArray(is)) {
    walk.note("unclear", place, `has ${is === undefined ? "no" : "a new"} ${word}`);
    return;
  }
  const [one, other] = [was, is].map((all) => new Set(all.map((branch) => canonicalJson(branch))));
  if (one === undefined || other === undefined) return;
  const gone = was.filter((branch) => !other.has(canonicalJson(branch)));
  const fresh = is.filter((branch) => !one.has(canonicalJson(branch)));
  const kept = was.filter((branch) => other.has(canonicalJson(branch)));
  // The same words may lead to what differs.
  for (const branch of kept) compare(walk, branch, branch, place);
  if (gone.length === fresh.length) {
    for (const [index, branch] of gone.entries())
      compare(walk, branch, fresh[index] ?? true, place);
  } else if (word === "allOf") walk.note("unclear", place, "has another allOf");
  else {
    if (gone.length > 0) walk.note("narrowed", place, `has ${gone.length} forms fewer`);
    if (fresh.length > 0) walk.note("widened", place, `has ${fresh.length} forms more`);
  }
}
