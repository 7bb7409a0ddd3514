import type { z } from "zod";
import { problemsOf } from "../../learning/problems.ts";
import { type Entity, parseRecord } from "../../learning/record.ts";
import { type Chosen, newestFirst, newestRows } from "../newest-first.ts";
import { everySeq, type Page, type PageRequest } from "../pages.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "../prefix.ts";
import { badRow } from "../damage.ts";
import { keyReused, type NewId } from "./made-once.ts";
import { change, first, lock, type Program, rows, type SqlRow, type SqlValue } from "../program.ts";

interface Document {
  readonly id: string;
  readonly tenant: string;
}

/**
 * How records of one kind are kept: what lists are filtered by in columns, the rest as JSON in
 * `body`. Nothing is kept twice, so that the two cannot disagree.
 */
export interface DocumentTable<T extends Document> {
  readonly table: DocumentTables;
  readonly entity: Entity;
  readonly kind: Kind;
  readonly schema: z.ZodType<T>;
  /** The columns beside tenant, id and body, with the path to what each holds. */
  readonly columns: Readonly<Record<string, string>>;
  /** Those of them that are true or false. */
  readonly flags?: readonly string[];
}

type Filter = Readonly<Record<string, SqlValue | undefined>>;
/** The tables whose rows are records of one form. */
type DocumentTables =
  | "checklists"
  | "intakes"
  | "lessons"
  | "metric_snapshots"
  | "roadmap_refreshes";
type DocumentRow = SqlRow & { readonly seq: number; readonly id: string; readonly body: string };

/**
 * The records of one table and tenant. What is written is checked first, whoever made it, so that
 * it can be read again.
 */
export function documentsOf<T extends Document>(tenant: string, spec: DocumentTable<T>) {
  const { table, entity, kind, schema } = spec;
  const columns = Object.keys(spec.columns);
  const insertText = `INSERT INTO ${table} (${["tenant", "id", ...columns, "body"].join(", ")})
    VALUES (${Array(columns.length + 3)
      .fill("?")
      .join(", ")}) ON CONFLICT (tenant, id) DO NOTHING RETURNING seq`;
  const updateText = `UPDATE ${table} SET ${[...columns, "body"].map((name) => `${name} = ?`).join(", ")}
    WHERE tenant = ? AND id = ?`;
  const check = (document: T): T => parseRecord(schema, document, entity);

  /** Returns its `seq`; undefined, and nothing is changed, where the id is known. */
  function* insert(document: T): Program<number | undefined> {
    const { values, body } = apart(check(document), spec);
    const row = yield* first(insertText, tenant, document.id, ...values, body);
    return row === undefined ? undefined : Number(row["seq"]);
  }

  /**
   * What was made before under the key of a new id; undefined where nothing was, or where it has none.
   * @throws Agent33Error `learning.key_reused` where it was made with other contents
   */
  function* madeBefore({ id, beginning }: NewId): Program<T | undefined> {
    if (beginning === undefined) return undefined;
    yield* lock(`${kind.noun}-key`, tenant, beginning);
    const { from, to } = prefixRange(beginning);
    const row = yield* first(
      `SELECT * FROM ${table} WHERE tenant = ? AND id >= ? AND id < ? LIMIT 1`,
      tenant,
      from,
      to,
    );
    if (row === undefined) return undefined;
    const known = row as DocumentRow;
    if (known.id !== id) throw keyReused(kind.noun, known.id);
    return wholeOf(known, spec);
  }

  function* get(id: string): Program<T | undefined> {
    const row = yield* first(`SELECT * FROM ${table} WHERE tenant = ? AND id = ?`, tenant, id);
    return row === undefined ? undefined : wholeOf(row as DocumentRow, spec);
  }

  const chosen = (filter: Filter): Chosen<DocumentTables> => ({
    table,
    tenant,
    where: Object.entries(filter).map(([column, value]) => [column, "=", value]),
  });

  /** The newest of the rows whose columns hold these values. @throws Agent33Error `store.bad_row` */
  function* newest(filter: Filter = {}): Program<T | undefined> {
    const [row] = yield* newestRows(chosen(filter), everySeq, 1);
    return row === undefined ? undefined : wholeOf(row as DocumentRow, spec);
  }

  /** The newest first; of the rows whose columns hold these values, where they are given. */
  function* list(request: PageRequest, filter: Filter = {}): Program<Page<T>> {
    return yield* newestFirst(chosen(filter), request, (row) => wholeOf(row as DocumentRow, spec));
  }

  /** The record whose id begins with `prefix`. @throws Agent33Error `store.ambiguous_id` */
  function* find(prefix: string): Program<T> {
    const { from, to } = prefixRange(prefix);
    const found = yield* rows(
      `SELECT * FROM ${table} WHERE tenant = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?`,
      tenant,
      from,
      to,
      shownCandidates + 1,
    );
    return wholeOf(pickOne(prefix, found as readonly DocumentRow[], kind), spec);
  }

  /** Writes what `alter` makes of the record, one change after the other; the same is not written. */
  function* changeOne(id: string, alter: (found: T) => T): Program<T> {
    yield* lock(kind.noun, tenant, id);
    const found = yield* get(id);
    if (found === undefined) return pickOne<T>(id, [], kind);
    const altered = alter(found);
    if (altered === found) return found;
    const checked = check(altered);
    const { values, body } = apart(checked, spec);
    yield* change(updateText, ...values, body, tenant, id);
    return checked;
  }

  return { insert, madeBefore, get, newest, list, find, changeOne };
}

type JsonTable = Record<string, unknown>;

/** A record taken apart: the values of its columns, in their order, and the rest as JSON. */
function apart<T extends Document>(
  document: T,
  spec: DocumentTable<T>,
): { readonly values: readonly SqlValue[]; readonly body: string } {
  const { id: _id, tenant: _tenant, ...body } = JSON.parse(JSON.stringify(document)) as JsonTable;
  const values = Object.values(spec.columns).map((path): SqlValue => {
    const { place, name } = placeOf(body, path);
    const value = place?.[name];
    if (place !== undefined) Reflect.deleteProperty(place, name);
    return typeof value === "boolean" ? Number(value) : (value as SqlValue);
  });
  return { values, body: JSON.stringify(body) };
}

/** The record of a row. @throws Agent33Error `store.bad_row` */
function wholeOf<T extends Document>(row: DocumentRow, spec: DocumentTable<T>): T {
  const body = bodyOf(row, spec.table);
  for (const [column, path] of Object.entries(spec.columns)) {
    const { place, name } = placeOf(body, path);
    const value = row[column];
    if (place !== undefined) place[name] = spec.flags?.includes(column) ? value === 1 : value;
  }
  const whole = { ...body, id: row.id, tenant: row["tenant"] };
  const parsed = spec.schema.safeParse(whole);
  if (parsed.success) return parsed.data;
  throw badRow(spec.table, row.id, problemsOf(parsed.error).join("; "), parsed.error);
}

function bodyOf({ id, body }: DocumentRow, table: string): JsonTable {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw badRow(table, id, "its body is not JSON", cause);
  }
  if (isTable(value)) return value;
  throw badRow(table, id, "its body is not a JSON object");
}

/** Where a path such as `disposition.state` ends; there is no place where the way is broken off. */
function placeOf(
  body: JsonTable,
  path: string,
): { readonly place: JsonTable | undefined; readonly name: string } {
  const names = path.split(".");
  const name = names.pop() ?? "";
  let place: JsonTable | undefined = body;
  for (const part of names) {
    const inner: unknown = place?.[part];
    place = isTable(inner) ? inner : undefined;
  }
  return { place, name };
}

function isTable(value: unknown): value is JsonTable {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
