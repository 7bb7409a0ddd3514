import type { Findings } from "./results.ts";

/** One way of doing the same thing as its neighbours. */
export interface Candidate {
  readonly name: string;
  /** What it does not do and another candidate does; shown in the footnotes. */
  readonly leavesOut: readonly string[];
  /**
   * Makes it ready, and has seen it do what it claims.
   * @throws Agent33Error `bench.unfair` when it does not: figures of it would mislead.
   */
  build(): Promise<Contestant>;
}

/** A candidate that is ready to be measured. */
export interface Contestant {
  /** Does it once, from start to end. */
  readonly call: () => Promise<unknown>;
  /** Closes files and removes temporary folders. */
  close?(): void;
}

/** Candidates that do the same thing, timed against each other: what one call of each costs. */
export interface Comparison {
  /** The first is the baseline of the ratios. */
  readonly candidates: readonly Candidate[];
  /**
   * Looks at what must hold between the candidates; gives remarks for the whole of the table.
   * @throws Agent33Error `bench.unfair`
   */
  notes(): readonly string[];
}

/** Told what is being done; for a person who waits. */
export type Progress = (line: string) => void;

export interface SurveyOptions {
  /** Readings of each figure. */
  readonly rounds: number;
  /** Small amounts, which show in seconds that everything runs; the figures mean little. */
  readonly quick: boolean;
  readonly progress: Progress;
}

/** Several tables, each with measures of its own: rows a second, latencies, CPU time. */
export interface Survey {
  /** @throws Agent33Error `bench.unfair` where what was measured did not do its work */
  run(options: SurveyOptions): Promise<Findings>;
}

/** A benchmark that `npm run bench` knows by name. */
export type BenchmarkEntry = {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
} & (
  | { readonly kind: "comparison"; readonly load: () => Promise<Comparison> }
  | { readonly kind: "survey"; readonly load: () => Promise<Survey> }
);

/** Every benchmark, loaded only when it is run. */
export const benchmarks: readonly BenchmarkEntry[] = [
  {
    name: "boundary",
    summary: "What the boundary's chain adds to one call, beside cockatiel and opossum.",
    kind: "comparison",
    load: async () => (await import("./boundary.ts")).boundaryBenchmark,
  },
  {
    name: "context",
    summary: "What it costs in each turn to fit a conversation into its model's window.",
    kind: "survey",
    load: async () => (await import("./context.ts")).contextSurvey,
  },
  {
    name: "evaluation",
    summary: "Whether the statistics of real trials are those that SciPy gives.",
    kind: "survey",
    load: async () => (await import("./evaluation.ts")).evaluationSurvey,
  },
  {
    name: "loop",
    summary: "What the engine adds to a turn and a tool call, beside ai and @openai/agents.",
    kind: "survey",
    load: async () => (await import("./loop.ts")).loopSurvey,
  },
  {
    name: "policy",
    summary: "One policy decision at 10 to 10,000 rules, beside a CEL library and Cedar.",
    kind: "comparison",
    load: async () => (await import("./policy.ts")).policyBenchmark,
  },
  {
    name: "recovery",
    summary: "A backup of a store that is written to, and how long restoring and verifying take.",
    kind: "survey",
    load: async () => (await import("./recovery.ts")).recoverySurvey,
  },
  {
    name: "serve",
    summary: "Requests a second of the service, beside a bare route on the same server library.",
    kind: "survey",
    load: async () => (await import("./serve.ts")).serveSurvey,
  },
  {
    name: "serve-start",
    summary: "How long `agent33 serve` takes until it is ready, as published and from source.",
    kind: "survey",
    load: async () => (await import("./serve-start.ts")).serveStartSurvey,
  },
  {
    name: "skillmatch",
    summary: "Which skills are found among thousands for a whole task, and how fast.",
    kind: "survey",
    load: async () => (await import("./skillmatch.ts")).skillMatchSurvey,
  },
  {
    name: "store",
    summary: "Durable writes, summaries and lists of signals, on SQLite and on PostgreSQL.",
    kind: "survey",
    load: async () => (await import("./store.ts")).storeSurvey,
  },
  {
    name: "stuck",
    summary: "Which real runs are told that they go in circles, and how soon planted loops end.",
    kind: "survey",
    load: async () => (await import("./stuck.ts")).stuckSurvey,
  },
  {
    name: "telemetry",
    summary: "What telemetry adds to a call and to a decision: metrics, file, collector, all.",
    kind: "survey",
    load: async () => (await import("./telemetry.ts")).telemetrySurvey,
  },
  {
    name: "tool-search",
    summary: "Which tools find_tools finds among hundreds, how fast, and what that saves.",
    kind: "survey",
    load: async () => (await import("./tool-search.ts")).toolSearchSurvey,
  },
];
