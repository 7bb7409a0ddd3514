import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import type { SqlValue } from "../program.ts";

/** A statement that changed rows. */
export interface Done {
  readonly text: string;
  readonly parameters: readonly SqlValue[];
  /** How many rows it changed; null where that was not counted. */
  readonly changes: number | null;
}

/** One committed transaction, as the journal has it. */
export interface Change {
  /** Its number in the history: 1, 2, 3 … without a gap. */
  readonly seq: number;
  /** When it was made, milliseconds since the Unix epoch. */
  readonly at: number;
  /** The schema version that its tables are of. */
  readonly schema: number;
  readonly statements: readonly Done[];
}

/** What a line says: a change, or that the change of this number was not kept after all. */
export type JournalLine = Change | { readonly seq: number; readonly undone: true };

/** Texts of statements by their keys: a file names each once for all lines that come after. */
export type Texts = Map<string, string>;

/** A value as JSON has it; what it has no form for is an object of one letter. */
const valueSchema = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.strictObject({ i: z.string() }),
  z.strictObject({ b: z.base64() }),
]);

const lineSchema = z.union([
  z.strictObject({
    seq: z.int().positive(),
    at: z.int(),
    schema: z.int().positive(),
    texts: z.record(z.string(), z.string()).exactOptional(),
    did: z.array(z.tuple([z.string(), z.int().nullable(), z.array(valueSchema)])),
  }),
  z.strictObject({ seq: z.int().positive(), undone: z.literal(true) }),
]);

const sumLength = 32;
const keyLength = 16;

/** The keys of texts that were digested before; the program has a few hundred. */
const keys = new Map<string, string>();
const mostKeys = 1_000;

function keyOf(text: string): string {
  const known = keys.get(text);
  if (known !== undefined) return known;
  const key = sha256(text).slice(0, keyLength);
  if (keys.size >= mostKeys) keys.clear();
  keys.set(text, key);
  return key;
}

/**
 * A line as it is written: a checksum and JSON. It begins and ends with a line break, so that what
 * a killed process left of its line spoils no other's.
 * @param told the texts that the file has; what it lacks is in the line, and is told once it is there
 */
export function encodeLine(history: string, line: JournalLine, told: ReadonlySet<string>): string {
  const text = JSON.stringify("undone" in line ? line : spelled(line, told));
  return `\n${sumOf(history, text)} ${text}\n`;
}

/** The keys of a change's texts. */
export function keysOf({ statements }: Change): readonly string[] {
  return statements.map(({ text }) => keyOf(text));
}

function spelled({ seq, at, schema, statements }: Change, told: ReadonlySet<string>) {
  const texts: Record<string, string> = {};
  let fresh = false;
  const did = statements.map(({ text, changes, parameters }) => {
    const key = keyOf(text);
    if (!told.has(key)) {
      texts[key] = text;
      fresh = true;
    }
    return [key, changes, parameters.map(spelledValue)];
  });
  return fresh ? { seq, at, schema, texts, did } : { seq, at, schema, did };
}

function spelledValue(value: SqlValue) {
  if (typeof value === "bigint") return { i: String(value) };
  if (value instanceof Uint8Array) return { b: Buffer.from(value).toString("base64") };
  return value;
}

/**
 * What a line says; undefined for one that is not as it was written, of another history, or with a
 * statement whose text is not known.
 * @param texts of the lines before; gets those of this one
 */
export function decodeLine(history: string, line: string, texts: Texts): JournalLine | undefined {
  const text = line.slice(sumLength + 1);
  if (line.slice(0, sumLength) !== sumOf(history, text)) return undefined;
  const parsed = lineSchema.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  if ("undone" in data) return data;
  for (const [key, statement] of Object.entries(data.texts ?? {})) texts.set(key, statement);
  const statements = data.did.flatMap(([key, changes, parameters]) => {
    const known = texts.get(key);
    return known === undefined
      ? []
      : [{ text: known, changes, parameters: parameters.map(valueOf) }];
  });
  if (statements.length < data.did.length) return undefined;
  return { seq: data.seq, at: data.at, schema: data.schema, statements };
}

/** What a line is about. */
export interface LinePlace {
  readonly seq: number;
  /** Whether it says that the change of this number was not kept. */
  readonly undone: boolean;
  /** When its change was made; of no other line. */
  readonly at?: number;
}

/** The place that a line has, whether or not its texts are known; undefined for a damaged one. */
export function placeOfLine(history: string, line: string): LinePlace | undefined {
  const text = line.slice(sumLength + 1);
  if (line.slice(0, sumLength) !== sumOf(history, text)) return undefined;
  const parsed = lineSchema.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  if ("undone" in data) return { seq: data.seq, undone: true };
  return { seq: data.seq, undone: false, at: data.at };
}

function valueOf(value: z.infer<typeof valueSchema>): SqlValue {
  if (typeof value !== "object" || value === null) return value;
  return "i" in value ? BigInt(value.i) : Buffer.from(value.b, "base64");
}

function sumOf(history: string, text: string): string {
  return sha256(`${history} ${text}`).slice(0, sumLength);
}
