/** What one recorded call adds to a limit. */
export interface TallyEntry {
  /** When it began. Milliseconds since the Unix epoch. */
  readonly at: number;
  /** At least so much. */
  readonly least: number;
  /** Whether that is known to be all of it. */
  readonly sure: boolean;
}

/** What recorded calls used of one limit, filled and asked in order of time. */
export class LimitTally {
  readonly #entries: TallyEntry[] = [];
  readonly #ids = new Set<string>();
  #first = 0;
  #least = 0;
  #unsure = 0;

  /** Whether a call has its part already: one that is taken up again is counted once. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string, entry: TallyEntry): void {
    if (this.#ids.has(id)) return;
    // What may not have counted must not stand for the same call when it surely does.
    if (entry.sure) this.#ids.add(id);
    this.#entries.push(entry);
    this.#least += entry.least;
    if (!entry.sure) this.#unsure += 1;
  }

  /** What calls that began at `since` or later used; asked with times that never go back. */
  usedSince(since: number): { readonly least: number; readonly sure: boolean } {
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.at >= since) break;
      this.#first += 1;
      this.#least -= entry.least;
      if (!entry.sure) this.#unsure -= 1;
    }
    // Sums of fractions drift; nothing at all is exact again.
    if (this.#first === this.#entries.length) this.#least = 0;
    return { least: this.#least, sure: this.#unsure === 0 };
  }
}
