import { parse } from "yaml";
import { z } from "zod";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import { unreadSchema } from "./dependency-change.ts";
import { compareSchemas } from "./json-schema-change.ts";
import { compareApis } from "./openapi-change.ts";
import type { FilePair, Unread } from "./tree.ts";

const text = z.string();

/** What a change does to the form of stored and exchanged data, as packets hold it. */
export const schemaChangesSchema = z.strictObject({
  files: z.array(
    z.strictObject({
      path: text,
      kind: z.enum(["json-schema", "openapi", "migration", "source"]),
      breaking: z.enum(["yes", "no", "unclear"]),
      /** What differs, those that break first. */
      changes: z.array(text),
    }),
  ),
  unread: unreadSchema,
});
export type SchemaChanges = z.output<typeof schemaChangesSchema>;
type SchemaChange = SchemaChanges["files"][number];

/** Names what changes in schemas, and whether it breaks who relies on them where it can be told. */
export function schemaChanges(files: readonly FilePair[]): SchemaChanges {
  const unread: Unread[] = [];
  const changes = files.flatMap((file) => {
    const kind = kindOf(file);
    if (kind === "migration") return [migration(file)];
    if (kind === "source") return [source(file)];
    const [one, other] = (
      [
        ["base", file.before],
        ["head", file.after],
      ] as const
    ).map(([side, content]) => {
      const read = documentOf(content);
      if (typeof read === "string") unread.push({ path: file.path, side, why: read });
      return typeof read === "string" ? undefined : read;
    });
    return one === undefined || other === undefined ? [] : [document(file, kind, one, other)];
  });
  return { files: changes, unread };
}

function kindOf({ path, before, after }: FilePair): SchemaChange["kind"] {
  if (/(?:openapi|swagger)[^/]*\.(?:json|ya?ml)$/i.test(path)) return "openapi";
  if (path.endsWith(".json")) return "json-schema";
  if (path.endsWith(".sql") || /(?:^|\/)(?:[^/]*migrations?|schema)\/[^/]*\d[^/]*$/.test(path)) {
    return "migration";
  }
  return statements.test(`${before ?? ""}${after ?? ""}`) ? "migration" : "source";
}

function documentOf(content: string | undefined): JsonObject | string | null {
  if (content === undefined) return null;
  try {
    const value: unknown = parse(content);
    return isJsonObject(value) ? value : "It does not hold an object.";
  } catch {
    return "It is neither JSON nor YAML.";
  }
}

function document(
  { path }: FilePair,
  kind: "json-schema" | "openapi",
  before: JsonObject | null,
  after: JsonObject | null,
): SchemaChange {
  if (before === null) return { path, kind, breaking: "no", changes: ["it is new"] };
  if (after === null) return { path, kind, breaking: "yes", changes: ["it is gone"] };
  if (kind === "openapi") {
    const { breaking, unclear, other } = compareApis(before, after);
    return { path, kind, ...judged(breaking, unclear, other) };
  }
  const { narrowed, widened, added, unclear } = compareSchemas(before, after);
  return { path, kind, ...judged(narrowed, unclear, [...widened, ...added]) };
}

function judged(
  breaking: readonly string[],
  unclear: readonly string[],
  other: readonly string[],
): Pick<SchemaChange, "breaking" | "changes"> {
  const worst = breaking.length > 0 ? "yes" : unclear.length > 0 ? "unclear" : "no";
  return { breaking: worst, changes: [...breaking, ...unclear, ...other] };
}

const statements = /\b(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|VIEW|TRIGGER|COLUMN)\b/i;
/** Statements after which what was there cannot be read as before. */
const destructive: readonly (readonly [RegExp, string])[] = [
  [/\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?([\w."`]+)/gi, "drops the table"],
  [/\bDROP\s+COLUMN\s+(?:IF\s+EXISTS\s+)?([\w."`]+)/gi, "drops the column"],
  [/\bRENAME\s+(?:COLUMN\s+\S+\s+)?TO\s+([\w."`]+)/gi, "renames to"],
  [/\bALTER\s+COLUMN\s+([\w."`]+)\s+(?:SET\s+DATA\s+)?TYPE\b/gi, "changes the type of"],
  [/\bALTER\s+COLUMN\s+([\w."`]+)\s+SET\s+NOT\s+NULL\b/gi, "asks for a value in"],
  [/\bDELETE\s+FROM\s+([\w."`]+)/gi, "deletes rows of"],
  [/\bTRUNCATE\s+(?:TABLE\s+)?([\w."`]+)/gi, "empties"],
];

function migration({ path, before, after }: FilePair): SchemaChange {
  const kind = "migration";
  if (after === undefined) return { path, kind, breaking: "yes", changes: ["it is gone"] };
  const found = destructive.flatMap(([pattern, what]) =>
    [...after.matchAll(pattern)].map(([, name = ""]) => `it ${what} ${name}`),
  );
  if (before !== undefined) {
    const edited = "it was there before, and is edited: a store may have taken it already";
    return { path, kind, breaking: "unclear", changes: [edited, ...new Set(found)] };
  }
  if (found.length > 0) return { path, kind, breaking: "yes", changes: [...new Set(found)] };
  return { path, kind, breaking: "no", changes: ["it is new, and takes nothing away"] };
}

function source({ path, before, after }: FilePair): SchemaChange {
  const how = before === undefined ? "new" : after === undefined ? "gone" : "changed";
  const what = `it is ${how}; what a program makes of it was not compared`;
  return { path, kind: "source", breaking: "unclear", changes: [what] };
}
