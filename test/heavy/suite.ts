/** A suite that takes too long for every test run. It prints what it saw and says whether all held. */
export interface HeavySuite {
  readonly about: string;
  readonly defaultRounds: number;
  run(
    rounds: number,
    say: (line: string) => void,
  ): Promise<{ readonly passed: number; readonly failed: number }>;
}
