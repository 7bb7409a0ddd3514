import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { applicationId } from "../sqlite/database.ts";
import { databaseFile } from "../store.ts";
import { type ByteSource, openFileSource } from "./byte-source.ts";
import { parseHeader } from "./jsonl-format.ts";
import { intakeList, linkMap, signalList } from "./legacy-shape.ts";
import { legacyTable, whenFree } from "./legacy-sqlite.ts";
import { readLines } from "./line-reader.ts";

/** What a path may lead to: a store, an export of one, or the state of the Python engine. */
export type SourceKind = "store" | "jsonl" | "legacy-json" | "legacy-sqlite";

const sqliteMagic = Buffer.from("SQLite format 3\0", "latin1");
const sampleBytes = 64 * 1024;
/** Names that show the Python engine's state, even in a part of it. */
const legacyNames = [signalList, intakeList, linkMap, "signal_id", "intake_id"].map(
  (name) => `"${name}"`,
);
const hint =
  "Known are: a folder with a store (agent33.db), a file that `agent33 store export` wrote, and the Python engine's learning state as JSON or SQLite.";

/**
 * Tells what is at a path, by its content.
 * @throws Agent33Error `store.unknown_source` with what was seen and what is known,
 * `store.unreadable_source`, `store.busy`, other `store.*`
 */
export async function detectSource(path: string, clock: Clock): Promise<SourceKind> {
  if (isFolder(path)) {
    if (existsSync(join(path, databaseFile))) return "store";
    throw unknown(path, "a folder without a store");
  }
  const source = await openFileSource(path);
  try {
    if (source.size === 0) throw unknown(path, "empty");
    const head = Buffer.from(await source.read(0, sampleBytes));
    if (head.subarray(0, sqliteMagic.length).equals(sqliteMagic)) {
      return await detectDatabase(path, clock);
    }
    return await detectText(source, head);
  } finally {
    await source.close();
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    const why = systemCodeOf(cause) ?? messageOf(cause);
    throw new Agent33Error("store.unreadable_source", `${path} cannot be read: ${why}.`, {
      hint: "Give the path of a file or folder that this user may read.",
      details: { path },
      cause,
    });
  }
}

async function detectDatabase(path: string, clock: Clock): Promise<SourceKind> {
  // Asked of SQLite and not read from the header: it may still be in the write-ahead log.
  const { owner, tables } = await whenFree(path, clock, (database) => ({
    owner: database.prepare("PRAGMA application_id").get()?.["application_id"],
    tables: database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .all()
      .map(({ name }) => String(name)),
  }));
  if (owner === applicationId) return "store";
  if (tables.includes(legacyTable)) return "legacy-sqlite";
  const some = tables.slice(0, 5).join(", ");
  throw unknown(path, `a SQLite file of another program (tables: ${some === "" ? "none" : some})`);
}

async function detectText(source: ByteSource, head: Buffer): Promise<SourceKind> {
  const { value: line } = await readLines(source, 0, sampleBytes).next();
  if (line !== undefined && parseHeader(line.bytes) !== undefined) return "jsonl";
  const tail = Buffer.from(await source.read(Math.max(0, source.size - sampleBytes), sampleBytes));
  if (legacyNames.some((name) => head.includes(name) || tail.includes(name))) return "legacy-json";
  throw unknown(source.name, described(head));
}

const marks: readonly (readonly [first: readonly number[], what: string])[] = [
  [[0x1f, 0x8b], "compressed with gzip: unpack it first"],
  [[0x50, 0x4b, 0x03, 0x04], "a ZIP archive: unpack it first"],
  [[0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd: unpack it first"],
  [[0xff, 0xfe], "UTF-16 text: save it as UTF-8 first"],
  [[0xfe, 0xff], "UTF-16 text: save it as UTF-8 first"],
];

function described(head: Buffer): string {
  const mark = marks.find(([first]) => first.every((byte, index) => head[index] === byte));
  if (mark !== undefined) return mark[1];
  const start = head.toString("latin1").trimStart();
  if (start.startsWith("{")) return "JSON without the lists of a learning state";
  if (start.startsWith("[")) return "a JSON list without signals or intakes";
  const shown = head
    .subarray(0, 24)
    .toString("utf8")
    .replace(/[^\x20-\x7e]/g, "·");
  return `something that begins "${shown}"`;
}

function unknown(path: string, what: string): Agent33Error {
  return new Agent33Error("store.unknown_source", `${path} is ${what}.`, {
    hint,
    details: { path },
  });
}
