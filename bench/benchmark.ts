/** One way of doing the same thing as its neighbours. */
export interface Candidate {
  readonly name: string;
  /** Does it once, from start to end. */
  readonly call: () => Promise<unknown>;
  /** What it does not do and another candidate does; shown in the footnotes. */
  readonly leavesOut: readonly string[];
}

/** Candidates, built and seen to do what they claim. */
export interface Prepared {
  /** The first is the baseline of the ratios. */
  readonly candidates: readonly Candidate[];
  /** Remarks under the table that hold for the whole of it. */
  readonly notes: readonly string[];
  /** Closes files and removes temporary folders. */
  close(): void;
}

/** A comparison that `npm run bench` knows by name. */
export interface Benchmark {
  /**
   * Builds the candidates and checks that each does what it is compared for.
   * @throws Agent33Error `bench.unfair` when one does not: figures of it would mislead.
   */
  prepare(): Promise<Prepared>;
}

export interface BenchmarkEntry {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  readonly load: () => Promise<Benchmark>;
}

/** Every benchmark, loaded only when it is run. */
export const benchmarks: readonly BenchmarkEntry[] = [
  {
    name: "chain",
    summary: "What the boundary's chain adds to one call, beside cockatiel and opossum.",
    load: async () => (await import("./chain.ts")).chainBenchmark,
  },
];
