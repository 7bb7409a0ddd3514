import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { addByte, correct, dataBytes, parityBytes } from "./galois.ts";

/** Where the parity of a file is. */
export function parityOf(path: string): string {
  return `${path}.parity`;
}

/**
 * Writes what puts a file right again of which some bytes were altered: one byte for every 15. The
 * bytes of one word are spread over the whole file, so that a damaged stretch of up to 3 % of it hits
 * each word a few times only.
 */
export function writeParity(path: string): void {
  const data = readFileSync(path);
  const words = wordsIn(data.length);
  const parity = new Uint8Array(words * parityBytes);
  for (let at = 0, word = 0; at < data.length; at += 1) {
    addByte(parity, word * parityBytes, data[at] ?? 0);
    word = word + 1 === words ? 0 : word + 1;
  }
  const spread = Buffer.alloc(parity.length);
  for (let word = 0; word < words; word += 1) {
    for (let at = 0; at < parityBytes; at += 1) {
      spread[at * words + word] = parity[word * parityBytes + at] ?? 0;
    }
  }
  writeFileSync(parityOf(path), spread, { flag: "wx", mode: 0o600, flush: true });
}

/**
 * The bytes of a file with what is wrong put right, as far as its parity can: whether they are what
 * they were, a digest has to say. Undefined where there is no parity of it, or too much is wrong.
 * @param bytes how many the file had
 */
export function healed(path: string, bytes: number): Buffer | undefined {
  const parity = readIf(parityOf(path));
  const found = readIf(path);
  const words = wordsIn(bytes);
  if (parity?.length !== words * parityBytes || found === undefined) return undefined;
  const data = Buffer.alloc(bytes);
  found.copy(data, 0, 0, Math.min(bytes, found.length));
  for (let word = 0; word < words; word += 1) {
    const length = Math.floor((bytes - word - 1) / words) + 1;
    const whole = new Uint8Array(length + parityBytes);
    for (let at = 0; at < length; at += 1) whole[at] = data[at * words + word] ?? 0;
    for (let at = 0; at < parityBytes; at += 1) {
      whole[length + at] = parity[at * words + word] ?? 0;
    }
    if (!correct(whole)) return undefined;
    for (let at = 0; at < length; at += 1) data[at * words + word] = whole[at] ?? 0;
  }
  return data;
}

function wordsIn(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / dataBytes));
}

function readIf(path: string): Buffer | undefined {
  const isFile = existsSync(path) && statSync(path).isFile();
  return isFile ? readFileSync(path) : undefined;
}
