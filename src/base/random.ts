import { randomFillSync } from "node:crypto";

/** Randomness, passed in so that tests and replays can repeat it. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** The operating system's randomness. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (length) => {
    if (length > reserve.length) return randomFillSync(new Uint8Array(length));
    if (used + length > reserve.length) {
      randomFillSync(reserve);
      used = 0;
    }
    const given = reserve.slice(used, used + length);
    // What was given out is nobody else's, not even in a heap dump.
    reserve.fill(0, used, used + length);
    used += length;
    return given;
  },
};

/** Asking the system costs as much for 8 bytes as for a few thousand. */
const reserve = new Uint8Array(4096);
let used = reserve.length;

/** A repeatable sequence (mulberry32, public domain, Tommy Ettinger). For tests; not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
  };
}
