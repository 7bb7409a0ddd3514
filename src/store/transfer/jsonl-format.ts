import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import { messageOf } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { problemsOf } from "../../learning/problems.ts";
import { storableText } from "../../learning/text.ts";
import { hasProtoKey, protoKeyReason } from "./proto-key.ts";
import { type Row, rowText, sumOf } from "./rows.ts";
import { type Column, type StoreTable, storeTables, tableNamed } from "./tables.ts";

/**
 * A store as lines of JSON. The first says what it is, then one line a row, tables in the order of
 * `storeTables` and rows in the order of their table, and last how many there are and their digests.
 */
export const formatName = "agent33-store";
export const formatVersion = 1;

const headerSchema = z.object({
  format: z.literal(formatName),
  version: z.int().min(1),
  /** The schema version of the store that it was made of. */
  schema: z.int().min(1),
  exportedAt: z.iso.datetime(),
  /** Of its own for every export. */
  id: z.string().min(1),
});
export type Header = z.output<typeof headerSchema>;

const footerSchema = z.object({
  end: z.literal(formatName),
  tables: z.record(
    z.string(),
    z.object({ rows: z.int().min(0), digest: z.string(), lastSeq: z.int().min(0) }),
  ),
});
export type Footer = z.output<typeof footerSchema>;

const rowLineSchema = z.strictObject({
  table: z.string(),
  row: z.record(z.string(), z.json()),
  sum: z.string(),
});

export type ParsedLine =
  | {
      readonly kind: "row";
      readonly table: StoreTable;
      readonly row: Row;
      /** SHA-256 of the row's one spelling, in hexadecimal. */
      readonly digest: string;
    }
  | { readonly kind: "footer"; readonly footer: Footer }
  | { readonly kind: "bad"; readonly reason: string; readonly tenant: string };

/** The line of one row, without its end. */
export function rowLine(table: StoreTable, row: Row, digest: string): string {
  return JSON.stringify({ table: table.name, row, sum: sumOf(digest) });
}

/** The header that a first line holds, or undefined where it holds none. */
export function parseHeader(bytes: Uint8Array): Header | undefined {
  const read = jsonOf(bytes);
  return read.ok ? headerSchema.safeParse(read.value).data : undefined;
}

/** What a line after the first says. Whatever is wrong with it is data. */
export function parseLine(bytes: Uint8Array): ParsedLine {
  const read = jsonOf(bytes);
  if (!read.ok) return bad(read.reason);
  if (hasProtoKey(read.value)) return bad(protoKeyReason);
  const line = rowLineSchema.safeParse(read.value);
  if (line.success) return parseRow(line.data);
  const footer = footerSchema.safeParse(read.value);
  if (footer.success) return { kind: "footer", footer: footer.data };
  return bad(`not a row's line: ${problemsOf(line.error).join("; ")}`);
}

function parseRow({ table: name, row, sum }: z.output<typeof rowLineSchema>): ParsedLine {
  const tenant = typeof row["tenant"] === "string" ? row["tenant"] : "default";
  const table = tableNamed(name);
  if (table === undefined) {
    const names = storeTables.map((known) => known.name);
    return bad(`there is no table "${name}". ${suggestName(name, names)}`, tenant);
  }
  const parsed = schemaOf(table).safeParse(row);
  if (!parsed.success) return bad(problemsOf(parsed.error).join("; "), tenant);
  // Its checksum was made of the columns that it had where it comes from.
  const digest = sha256(rowText(withColumnsOf(table, row), parsed.data));
  if (sumOf(digest) !== sum) return bad("its checksum does not agree with its content", tenant);
  return { kind: "row", table, row: parsed.data, digest };
}

const olderTables = new Map<string, StoreTable>();

/** The table as it was before columns came that the row does not have. */
function withColumnsOf(table: StoreTable, row: object): StoreTable {
  const columns = table.columns.filter(({ name }) => Object.hasOwn(row, name));
  if (columns.length === table.columns.length) return table;
  const key = JSON.stringify([table.name, ...columns.map(({ name }) => name)]);
  const known = olderTables.get(key) ?? { ...table, columns };
  olderTables.set(key, known);
  return known;
}

function bad(reason: string, tenant = "default"): ParsedLine {
  return { kind: "bad", reason, tenant };
}

const strict = new TextDecoder("utf-8", { fatal: true });

function jsonOf(
  bytes: Uint8Array,
):
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string } {
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return { ok: false, reason: "not UTF-8" };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { ok: false, reason: `not JSON: ${messageOf(error)}` };
  }
}

const schemas = new Map<string, z.ZodType<Row>>();
const anyLength = Number.MAX_SAFE_INTEGER;

function schemaOf(table: StoreTable): z.ZodType<Row> {
  const known = schemas.get(table.name);
  if (known !== undefined) return known;
  const columns = table.columns.map((column) => [column.name, columnSchema(column)] as const);
  const made: z.ZodType<Row> = z.strictObject(Object.fromEntries(columns));
  schemas.set(table.name, made);
  return made;
}

function columnSchema(column: Column): z.ZodType<string | number | null> {
  const { kind, nullable, before } = column;
  const schema: z.ZodType<string | number> = {
    integer: () => z.int(),
    real: () => z.number(),
    text: () => storableText(0, anyLength),
  }[kind]();
  const whole = nullable ? schema.nullable() : schema;
  return before === undefined ? whole : whole.default(before as never);
}
