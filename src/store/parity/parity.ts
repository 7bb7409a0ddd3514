import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { correct, dataBytes, parityBytes, parityOfWord } from "./galois.ts";

/** Where the parity of a file is. */
export function parityOf(path: string): string {
  return `${path}.parity`;
}

/**
 * Writes what puts a file right again of which some bytes were altered: one byte for every 15. The
 * bytes of one word are spread over the whole file, so that a damaged stretch of up to 3 % of it hits
 * each word a few times only.
 * @param flag `wx` refuses to write over another, `w` does not
 */
export function writeParity(path: string, flag: "wx" | "w" = "wx"): void {
  const data = readFileSync(path);
  const parity = parityFor(data, wordsIn(data.length));
  writeFileSync(parityOf(path), parity, { flag, mode: 0o600, flush: true });
}

/**
 * The bytes of a file with what is wrong put right, as far as its parity can: whether they are what
 * they were, a digest has to say. Undefined where there is no parity of it, or too much is wrong.
 * @param bytes how many the file had
 */
export function healed(path: string, bytes: number): Buffer | undefined {
  const found = mended(path, bytes);
  return found?.isWhole === true ? found.data : undefined;
}

/** A file's bytes, and whether all that was wrong with them is put right. */
interface Mended {
  readonly data: Buffer;
  readonly isWhole: boolean;
}

/** The same with what its parity cannot put right left as it is. */
export function mended(path: string, bytes: number): Mended | undefined {
  const parity = readIf(parityOf(path));
  const found = readIf(path);
  const words = wordsIn(bytes);
  if (parity?.length !== words * parityBytes || found === undefined) return undefined;
  const data = Buffer.alloc(bytes);
  found.copy(data, 0, 0, Math.min(bytes, found.length));
  return { data, isWhole: putRight(data, parity, words) };
}

/** The parity of some data: the first byte that each word has, then the second, and so on. */
export function parityFor(data: Uint8Array, words: number): Buffer {
  const spread = Buffer.alloc(words * parityBytes);
  for (let word = 0; word < words; word += 1) {
    for (const [quarter, bytes] of parityOfWord(data, word, words).entries()) {
      for (let at = 0; at < 4; at += 1) {
        spread[(4 * quarter + at) * words + word] = bytes >>> (24 - 8 * at);
      }
    }
  }
  return spread;
}

/** Puts right each word of some data in which few enough bytes are wrong; whether that is all. */
export function putRight(data: Uint8Array, parity: Uint8Array, words: number): boolean {
  const made = parityFor(data, words);
  const differs = (word: number): boolean => {
    for (let at = word; at < made.length; at += words) if (made[at] !== parity[at]) return true;
    return false;
  };
  let isWhole = true;
  for (let word = 0; word < words; word += 1) {
    if (!differs(word)) continue;
    const length = Math.floor((data.length - word - 1) / words) + 1;
    const whole = new Uint8Array(length + parityBytes);
    for (let at = 0; at < length; at += 1) whole[at] = data[at * words + word] ?? 0;
    for (let at = 0; at < parityBytes; at += 1) {
      whole[length + at] = parity[at * words + word] ?? 0;
    }
    if (correct(whole)) {
      for (let at = 0; at < length; at += 1) data[at * words + word] = whole[at] ?? 0;
    } else isWhole = false;
  }
  return isWhole;
}

function wordsIn(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / dataBytes));
}

function readIf(path: string): Buffer | undefined {
  const isFile = existsSync(path) && statSync(path).isFile();
  return isFile ? readFileSync(path) : undefined;
}
