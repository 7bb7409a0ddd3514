import { sha256 } from "../../base/digest.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { type Footer, formatVersion, type Header, parseHeader, parseLine } from "./jsonl-format.ts";
import { maxLineBytes, readLines } from "./line-reader.ts";
import { keptBytes } from "./quarantine.ts";
import type { ParsedLine } from "./jsonl-format.ts";

/** A byte at which a line begins, and the number of that line. */
export interface LinePlace {
  readonly offset: number;
  readonly line: number;
}

/** A line of the file with what it says. */
export interface Entry {
  readonly place: string;
  /** Its first byte and its number. */
  readonly start: LinePlace;
  /** The line after it: its first byte and its number. */
  readonly end: number;
  readonly nextLine: number;
  /** The first bytes of it, for the quarantine. */
  readonly bytes: Uint8Array;
  readonly parsed: Exclude<ParsedLine, { readonly kind: "footer" }>;
}

/** The start of an export. */
export interface OpenedExport {
  readonly header: Header;
  /** Where the second line begins. */
  readonly headerEnd: number;
  /** The transfer's id, made of the header, so that a file cut off and the whole one have one. */
  readonly id: string;
}

/**
 * @param schema that of the store it goes into
 * @throws Agent33Error `store.unknown_source`, `store.newer_schema`
 */
export async function openExport(source: ByteSource, schema: number): Promise<OpenedExport> {
  const { value: line } = await readLines(source, 0).next();
  const header = line === undefined ? undefined : parseHeader(line.bytes);
  if (line === undefined || header === undefined) {
    throw new Agent33Error("store.unknown_source", `${source.name} is not an export of a store.`, {
      hint: "Give a file that `agent33 store export` wrote; its first line says so.",
      details: { source: source.name },
    });
  }
  if (header.version > formatVersion || header.schema > schema) {
    const what = header.version > formatVersion ? "format" : "schema";
    const [has, known] =
      what === "format" ? [header.version, formatVersion] : [header.schema, schema];
    throw new Agent33Error(
      "store.newer_schema",
      `${source.name} has ${what} version ${has}; this AGENT-33 knows versions up to ${known}.`,
      {
        hint: "Use the AGENT-33 that wrote it or a newer one.",
        details: { source: source.name, found: has, known },
      },
    );
  }
  const id = `jsonl-${sha256(line.bytes).slice(0, 32)}`;
  return { header, headerEnd: line.end, id };
}

const rememberedBytes = 4096;

/** SHA-256 of the bytes before a place, by which the place is known again in the same file. */
export async function hashBefore(source: ByteSource, offset: number): Promise<string> {
  const from = Math.max(0, offset - rememberedBytes);
  return sha256(await source.read(from, offset - from));
}

/** How a file ended. */
export interface Ending {
  /** Undefined where the file is cut off. */
  readonly footer: Footer | undefined;
}

const batchBytes = 4 * 1024 * 1024;

/** The lines from a place on, in batches of bounded size; returns how the file ended. */
export async function* readBatches(
  source: ByteSource,
  from: LinePlace,
  maxLines: number,
): AsyncGenerator<readonly Entry[], Ending> {
  let number = from.line;
  let footer: Footer | undefined;
  let batch: Entry[] = [];
  let bytes = 0;
  for await (const line of readLines(source, from.offset)) {
    const start = { offset: line.offset, line: number };
    const place = `line ${number}, byte ${line.offset}`;
    number += 1;
    if (line.bytes.length === 0) continue;
    const parsed = line.tooLong ? tooLong : parseLine(line.bytes);
    if (parsed.kind === "footer" && footer === undefined) {
      footer = parsed.footer;
      continue;
    }
    // The rest of a line that is cut off is not a damaged record: the file ends within it.
    if (line.open && parsed.kind === "bad" && footer === undefined) break;
    batch.push({
      place,
      start,
      end: line.end,
      nextLine: number,
      bytes: line.bytes.subarray(0, keptBytes),
      parsed: footer === undefined && parsed.kind !== "footer" ? parsed : afterTheEnd,
    });
    bytes += line.bytes.length;
    if (batch.length >= maxLines || bytes >= batchBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
  return { footer };
}

const tooLong = {
  kind: "bad",
  reason: `longer than ${maxLineBytes / 1024 / 1024} MiB`,
  tenant: "default",
} as const;

const afterTheEnd = { kind: "bad", reason: "it stands after the end", tenant: "default" } as const;
