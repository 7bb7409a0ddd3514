/** One thing that can be done with a record. */
export interface Act {
  readonly word: string;
  /** What its button says. */
  readonly label: string;
  /** Whether it is done at once: nobody asks why. */
  readonly isPlain?: boolean;
}
