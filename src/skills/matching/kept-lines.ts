import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { attempt } from "../../base/result.ts";
import type { SkillEntry } from "./skill-entry.ts";

/** What a line of the kept index says: what it is of, or one skill's words, or one skill's vector. */
const lineSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("index"), format: z.int(), reader: z.string() }),
  z.object({
    kind: z.literal("words"),
    digest: z.string(),
    words: z.string(),
    nameWords: z.int().nonnegative(),
    impacts: z.base64(),
    opening: z.base64(),
  }),
  z.object({
    kind: z.literal("vector"),
    digest: z.string(),
    embedder: z.string(),
    vector: z.base64(),
  }),
]);

/** The same, with its numbers as they are used. */
export type KeptLine =
  | { readonly kind: "index"; readonly format: number; readonly reader: string }
  | { readonly kind: "words"; readonly digest: string; readonly entry: SkillEntry }
  | {
      readonly kind: "vector";
      readonly digest: string;
      readonly embedder: string;
      readonly vector: Float32Array;
    };

/** One line, with a checksum before it: a file that was cut or altered is known by it. */
export function writeLine(line: KeptLine): string {
  const json = JSON.stringify(plain(line));
  return `${crc32(json).toString(16).padStart(8, "0")} ${json}\n`;
}

/** @returns undefined where the line is not as it was written */
export function readLine(line: string): KeptLine | undefined {
  const json = line.slice(9);
  if (line[8] !== " " || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined;
  const data = attempt((): unknown => JSON.parse(json));
  const parsed = lineSchema.safeParse(data.ok ? data.value : undefined);
  if (!parsed.success) return undefined;
  const said = parsed.data;
  if (said.kind === "index") return said;
  if (said.kind === "vector") return { ...said, vector: new Float32Array(numbers(said.vector)) };
  const words = said.words === "" ? [] : said.words.split(" ");
  const { digest, nameWords } = said;
  const impacts = new Uint16Array(numbers(said.impacts));
  const opening = new Uint16Array(numbers(said.opening));
  const fits = impacts.length === words.length && nameWords <= words.length;
  if (!fits || opening.some((place) => place >= words.length)) return undefined;
  return { kind: "words", digest, entry: { words, nameWords, impacts, opening } };
}

function plain(line: KeptLine): z.infer<typeof lineSchema> {
  if (line.kind === "index") return line;
  if (line.kind === "vector") return { ...line, vector: base64(line.vector) };
  const { kind, digest, entry } = line;
  return {
    kind,
    digest,
    words: entry.words.join(" "),
    nameWords: entry.nameWords,
    impacts: base64(entry.impacts),
    opening: base64(entry.opening),
  };
}

function base64(of: Uint16Array | Float32Array): string {
  return Buffer.from(of.buffer, of.byteOffset, of.byteLength).toString("base64");
}

/** The bytes as a buffer of their own, which views of any width fit. */
function numbers(text: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text, "base64")).buffer;
}
