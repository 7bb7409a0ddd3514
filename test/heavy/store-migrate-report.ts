/** What all rounds of the suite add up to. */
export interface MigrateTotals {
  /** After the kill: how often the store was as before, in the middle of a resumable import, or done. */
  readonly found: { old: number; begun: number; new: number };
  /** Unfinished copies that killed backups left behind. */
  partials: number;
}

export interface RoundResult {
  readonly line: string;
  readonly faults: readonly string[];
}
