import type { Random } from "../../../src/base/random.ts";

/** What no power cut leaves in two: a sector of a disk. */
const sectorBytes = 512;

/** A change of a file that is in no flush yet. */
type Change =
  | { readonly at: number; readonly bytes: Buffer }
  | { readonly length: number; readonly bytes?: never };

/** The bytes of a file, which grow as it is written to. */
class Bytes {
  #bytes: Buffer;
  #length: number;

  constructor(bytes: Buffer) {
    this.#bytes = Buffer.from(bytes);
    this.#length = bytes.length;
  }

  now(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  apply(change: Change): void {
    if (change.bytes === undefined) this.#resize(change.length);
    else {
      const end = change.at + change.bytes.length;
      if (end > this.#length) this.#resize(end);
      change.bytes.copy(this.#bytes, change.at);
    }
  }

  #resize(length: number): void {
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    if (length > this.#length) this.#bytes.fill(0, this.#length, length);
    this.#length = length;
  }
}

/** The content of one file: as programs see it, and as a cut of the power may leave it. */
export class Contents {
  readonly #seen: Bytes;
  readonly #kept: Bytes;
  #open: Change[] = [];

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#seen = new Bytes(bytes);
    this.#kept = new Bytes(bytes);
  }

  apply(change: Change): void {
    this.#seen.apply(change);
    this.#open.push(change);
  }

  /** All of it is on the disk. */
  sync(): void {
    for (const change of this.#open) this.#kept.apply(change);
    this.#open = [];
  }

  /**
   * A flush failed. The system takes what was to be written for written all the same: no later
   * flush brings what is not on the disk now.
   */
  failToSync(random: Random, share: number): void {
    for (const change of survivors(this.#open, random, share)) this.#kept.apply(change);
    this.#open = [];
  }

  seen(): Buffer {
    return this.#seen.now();
  }

  /** @param share of what is in no flush yet that is there after the cut */
  afterCut(random: Random, share: number): Buffer {
    const left = new Bytes(this.#kept.now());
    for (const change of survivors(this.#open, random, share)) left.apply(change);
    return left.now();
  }
}

/** Half of the changes are kept as a whole or not at all, the others sector by sector. */
function* survivors(
  changes: readonly Change[],
  random: Random,
  share: number,
): Generator<Change, void, void> {
  for (const change of changes) {
    const whole = random.next() < 0.5;
    if (change.bytes === undefined || whole || share === 0 || share === 1) {
      if (random.next() < share) yield change;
      continue;
    }
    const { at, bytes } = change;
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes));
      if (random.next() < share) yield { at: at + from, bytes: bytes.subarray(from, to) };
      from = to;
    }
  }
}
