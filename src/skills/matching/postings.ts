/** The skills that have one word, by slot, with what the word says of each. */
export interface Postings {
  slots: Uint32Array;
  impacts: Uint16Array;
  size: number;
}

export function emptyPostings(): Postings {
  return { slots: new Uint32Array(1), impacts: new Uint16Array(1), size: 0 };
}

export function addPosting(postings: Postings, slot: number, impact: number): void {
  const { size } = postings;
  if (size === postings.slots.length) {
    const larger = Math.ceil(size * 1.5) + 1;
    postings.slots = grown(postings.slots, new Uint32Array(larger));
    postings.impacts = grown(postings.impacts, new Uint16Array(larger));
  }
  postings.slots[size] = slot;
  postings.impacts[size] = impact;
  postings.size = size + 1;
}

/** The last one takes the place: the order within a word's postings means nothing. */
export function removePosting(postings: Postings, slot: number): void {
  const place = postings.slots.subarray(0, postings.size).indexOf(slot);
  if (place < 0) return;
  const last = postings.size - 1;
  postings.slots[place] = postings.slots[last] ?? 0;
  postings.impacts[place] = postings.impacts[last] ?? 0;
  postings.size = last;
}

function grown<T extends Uint32Array | Uint16Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
