/** A suite that takes too long for every test run. It prints what it saw and says whether all held. */
export interface HeavySuite {
  readonly about: string;
  readonly defaultRounds: number;
  /** @param seed what a suite draws its random moments from */
  run(
    rounds: number,
    say: (line: string) => void,
    seed: number,
  ): Promise<{ readonly passed: number; readonly failed: number }>;
}
