import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/** Makes identifiers: UUID version 7 (RFC 9562, section 5.7), in order within one process. */
export type IdSource = () => string;

/**
 * A source of UUIDv7 that never goes backwards in one process: within a millisecond, or when the
 * wall clock steps back, the 12 bits of `rand_a` count up (RFC 9562, section 6.2, method 1) and
 * carry into the timestamp when they overflow.
 */
export function uuidv7Source(clock: Clock, random: Random): IdSource {
  let lastMs = 0;
  let counter = 0;
  let prefix = "";
  let prefixMs = -1;
  return () => {
    const nowMs = clock.now();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      // Start low so that the counter has room before it carries.
      counter = Math.floor(random.next() * 0x400);
    } else {
      counter += 1;
      if (counter > 0xfff) {
        lastMs += 1;
        counter = 0;
      }
    }
    if (lastMs !== prefixMs) {
      const time = lastMs.toString(16).padStart(12, "0");
      prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
      prefixMs = lastMs;
    }
    const tail = random.bytes(8);
    let node = `${hexOf(((tail[0] ?? 0) & 0x3f) | 0x80)}${hexOf(tail[1] ?? 0)}-`;
    for (let index = 2; index < 8; index += 1) node += hexOf(tail[index] ?? 0);
    return `${prefix}${counter.toString(16).padStart(3, "0")}-${node}`;
  };
}

const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hexOf = (byte: number): string => hexBytes[byte] ?? "";
