import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { constants, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { type Canary, needles } from "./secrets.ts";

/** Finds secrets in texts and bytes, and says where. */
export interface Search {
  /** @param where what is told of a hit */
  look(where: string, what: string | Uint8Array): void;
  /** Every file below a folder, but for those that `leaveOut` names; packed parts are unpacked. */
  lookBelow(folder: string, leaveOut?: (path: string) => boolean): void;
  /** What was found, each once. */
  readonly hits: ReadonlySet<string>;
  /** Where the words stood that may be found: what was searched was there to be found. */
  readonly marked: ReadonlySet<string>;
  /** How many places were looked at, and bytes. */
  counts(): { readonly places: number; readonly bytes: number };
}

/** What was cut off is unpacked as far as it goes: a journal that is written has no end yet. */
const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
const zstd = { finishFlush: constants.ZSTD_e_flush };

const starts: readonly {
  readonly magic: Buffer;
  readonly unpack: (packed: Buffer) => Buffer;
}[] = [
  { magic: Buffer.from([0x1f, 0x8b, 0x08]), unpack: (packed) => gunzipSync(packed, zlib) },
  {
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    unpack: (packed) => zstdDecompressSync(packed, zstd),
  },
  { magic: Buffer.from([0x78, 0x9c]), unpack: (packed) => inflateSync(packed, zlib) },
];

/** @param marker stands beside the secrets in all that is said, and may be found */
export function createSearch(canaries: readonly Canary[], marker: string): Search {
  const wanted = canaries
    .flatMap((one) => [...needles(one)])
    .map(([text, name]) => ({ bytes: Buffer.from(text), name }));
  const hits = new Set<string>();
  const marked = new Set<string>();
  let places = 0;
  let bytes = 0;
  const inBytes = (where: string, found: Buffer, depth: number): void => {
    places += 1;
    bytes += found.length;
    if (found.includes(marker)) marked.add(where);
    for (const { bytes: needle, name } of wanted) {
      const at = found.indexOf(needle);
      if (at >= 0) hits.add(`${where}: ${name}, at ${at}: ${around(found, at)}`);
    }
    if (depth === 0) return;
    for (const part of packed(found)) inBytes(`${where} (unpacked)`, part, depth - 1);
  };
  const look = (where: string, what: string | Uint8Array): void =>
    inBytes(where, Buffer.from(what as Uint8Array), 2);
  const lookBelow = (folder: string, leaveOut: (path: string) => boolean = () => false): void => {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (leaveOut(name)) continue;
      look(`name of ${name}`, name);
      if (entry.isFile()) look(name, readFileSync(path));
    }
  };
  return { look, lookBelow, hits, marked, counts: () => ({ places, bytes }) };
}

function around(found: Buffer, at: number): string {
  return JSON.stringify(found.subarray(Math.max(0, at - 60), at + 30).toString("latin1"));
}

/** Whatever can be unpacked, wherever in the bytes it begins. */
function packed(found: Buffer): readonly Buffer[] {
  return starts.flatMap(({ magic, unpack }) => {
    const parts: Buffer[] = [];
    for (let at = found.indexOf(magic); at >= 0; at = found.indexOf(magic, at + 1)) {
      try {
        parts.push(unpack(found.subarray(at)));
      } catch {
        // Two or three bytes are often there by chance, and then nothing can be unpacked.
      }
    }
    return parts;
  });
}
