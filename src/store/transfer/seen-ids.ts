import { sha256 } from "../../base/digest.ts";

/** What was seen before with an id. */
export type Seen = "new" | "same" | "other";

/**
 * Which records a walk has met, in 12 to 24 bytes a record, so that a document of a gigabyte fits.
 * Ids are known by 52 bits of their SHA-256: of two million, two are taken for one with a chance of
 * 1 in 2,000, and then the second is set aside, not lost.
 */
export interface SeenIds {
  /** Whether the id was met before, and with this content. */
  add(id: string, content: Uint8Array): Seen;
  has(id: string): boolean;
}

const hexOf52Bits = 13;

export function createSeenIds(): SeenIds {
  let size = 0;
  // Open addressing; 0 is a free place, so hashes count from 1.
  let ids = new Float64Array(1024);
  let contents = new Uint32Array(1024);

  /** The place of an id, or the free one where it belongs. */
  const placeOf = (key: number): number => {
    let place = key % ids.length;
    while (ids[place] !== 0 && ids[place] !== key) place = (place + 1) % ids.length;
    return place;
  };
  const grow = (): void => {
    const [oldIds, oldContents] = [ids, contents];
    ids = new Float64Array(oldIds.length * 2);
    contents = new Uint32Array(oldIds.length * 2);
    for (const [index, key] of oldIds.entries()) {
      if (key === 0) continue;
      const place = placeOf(key);
      ids[place] = key;
      contents[place] = oldContents[index] ?? 0;
    }
  };
  const keyOf = (id: string): number => Number.parseInt(sha256(id).slice(0, hexOf52Bits), 16) + 1;

  return {
    add: (id, content) => {
      const key = keyOf(id);
      const place = placeOf(key);
      const mark = Number.parseInt(sha256(content).slice(0, 8), 16);
      if (ids[place] === key) return contents[place] === mark ? "same" : "other";
      ids[place] = key;
      contents[place] = mark;
      size += 1;
      if (size * 2 > ids.length) grow();
      return "new";
    },
    has: (id) => {
      const key = keyOf(id);
      return ids[placeOf(key)] === key;
    },
  };
}
