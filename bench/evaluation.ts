import type { Figure } from "../src/evaluation/statistics/absence.ts";
import { compareTrials } from "../src/evaluation/statistics/comparison.ts";
import { clopperPearson, type Interval, wilson } from "../src/evaluation/statistics/intervals.ts";
import { suiteResults, type SuiteResult } from "../src/evaluation/statistics/suite.ts";
import type { Trial } from "../src/evaluation/trials/trial.ts";
import type { Survey } from "./benchmark.ts";
import { type Reference, readReference } from "./evaluation/reference.ts";
import { columnsOf, type FindingsTable } from "./results.ts";

/** What tau-bench's page says of gpt-4o on the airline tasks, to three digits: pass^1 to pass^4. */
const publishedPassHat = [0.42, 0.273, 0.22, 0.2];

/**
 * Wilcoxon's p of the four pairs as SciPy has it when equal differences are equal. The reference was
 * made of differences as they come out of the subtraction, in which 0.6 − 0.4 is not 0.2 − 0 and gets
 * another rank.
 */
const wilcoxonOfTies = [
  0.017452451867858484, 0.025627607272445996, 0.03234104667547198, 0.10468406709113372,
];

/** Differences are shown in this unit. */
const femto = 1e15;

/** Whether the statistics of real trials are those that SciPy gives. */
export const evaluationSurvey: Survey = {
  run: async ({ progress }) => {
    const reference = readReference(process.env["AGENT33_BENCH_DATA"]);
    progress("suites");
    const suites = suiteTable(reference);
    progress("pairs");
    const pairs = pairTable(reference);
    const airline = suiteOf(reference.airline);
    const passHat = airline.passes.map(({ hat }) => value(hat).value);
    const worst = (table: FindingsTable, key: string): number =>
      Math.max(...table.rows.map(({ figures }) => figures[key] ?? Number.NaN));
    return {
      facts: [
        "4,400 trials of the public Terminal-Bench 0.1.1 leaderboard: 11 agents, 80 tasks, 5 trials each.",
        "200 runs of tau-bench's airline tasks with gpt-4o (MIT): 50 tasks, 4 trials each.",
        "The reference is SciPy's. Bootstrap and sign flips are random on both sides.",
      ],
      tables: [suites, pairs],
      goals: [
        {
          what: "largest difference from SciPy, suites, 1e-15",
          better: "less",
          goal: 1e6,
          reached: worst(suites, "apart"),
        },
        {
          what: "largest difference from SciPy, pairs, where nothing is random, 1e-15",
          better: "less",
          goal: 1e6,
          reached: worst(pairs, "apart"),
        },
        {
          what: "largest difference of a bootstrap end",
          better: "less",
          goal: 0.01,
          reached: worst(pairs, "bootstrapApart"),
        },
        {
          what: "largest difference of a sign-flip p",
          better: "less",
          goal: 0.01,
          reached: worst(pairs, "signFlipApart"),
        },
        {
          what: "largest difference from tau-bench's published pass^1 to pass^4",
          better: "less",
          goal: 0.0005,
          reached: Math.max(
            ...publishedPassHat.map((said, index) => Math.abs((passHat[index] ?? 0) - said)),
          ),
        },
      ],
      notes: [
        "Wilcoxon's p is held against SciPy's of rounded differences: the reference ranks ties as different where their last bits are.",
        `pass^1 to pass^4 of the airline runs: ${passHat.map(inDigits).join(", ")}.`,
      ],
    };
  },
};

const inDigits = (figure: number): string => figure.toFixed(4);

function suiteOf(trials: readonly Trial[]): SuiteResult {
  const [suite] = suiteResults(trials);
  if (suite === undefined) throw new Error("There are no trials.");
  return suite;
}

function value<T>(figure: Figure<T>): T {
  if (!figure.ok) throw new Error(figure.error.message);
  return figure.value;
}

const ends = (interval: Figure<Interval>): readonly number[] => {
  const { low, high } = value(interval);
  return [low, high];
};

function apart(pairs: readonly (readonly [ours: number, expected: number])[]): number {
  return Math.max(...pairs.map(([ours, expected]) => Math.abs(ours - expected)));
}

function zip(ours: readonly number[], expected: readonly number[]) {
  return ours.map((one, index) => [one, expected[index] ?? Number.NaN] as const);
}

function suiteTable({ figures, trials }: Reference): FindingsTable {
  return {
    title: "Suites, beside SciPy",
    of: "agents",
    columns: columnsOf({
      rate: "mean rate",
      error: "clustered error",
      naive: "error of pooled trials",
      at: "pass@5",
      hat: "pass^5",
      flaky: "flaky tasks",
      floor: "noise floor",
      apart: "largest difference, 1e-15",
    }),
    rows: Object.entries(figures.agents).map(([name, expected]) => {
      const suite = suiteOf(trials.get(name) ?? []);
      const pooled = { trials: suite.counts.judged, passes: suite.counts.passed };
      const byK = Object.keys(expected.pass_at).flatMap((k) => {
        const found = suite.passes.find((some) => String(some.k) === k);
        if (found === undefined) throw new Error(`There is no pass@${k}.`);
        return [
          [value(found.at).value, expected.pass_at[k] ?? Number.NaN] as const,
          [value(found.hat).value, expected.pass_hat[k] ?? Number.NaN] as const,
        ];
      });
      const [at, hat] = byK.slice(-2).map(([ours]) => ours);
      return {
        name,
        figures: {
          rate: value(suite.rate),
          error: value(suite.standardError),
          naive: expected.se_naive_trials,
          at: at ?? Number.NaN,
          hat: hat ?? Number.NaN,
          flaky: suite.flaky.length,
          floor: value(suite.noiseFloor).floor,
          apart:
            femto *
            apart([
              [pooled.trials, expected.trials],
              [pooled.passes, expected.passes],
              [value(suite.rate), expected.mean],
              [value(suite.standardError), expected.se_clustered_task],
              [suite.flaky.length, expected.flaky_tasks],
              ...zip(ends(suite.interval), expected.t95_task_clustered),
              ...zip(ends(wilson(pooled)), expected.wilson95_trials_iid),
              ...zip(ends(clopperPearson(pooled)), expected.clopper_pearson95_trials_iid),
              ...byK,
            ]),
        },
      };
    }),
  };
}

function pairTable({ figures, trials }: Reference): FindingsTable {
  return {
    title: "Pairs, beside SciPy",
    of: "pairs",
    columns: columnsOf({
      difference: "difference",
      low: "bootstrap from",
      high: "to",
      p: "sign-flip p",
      mcnemar: "McNemar p",
      gain: "normalized gain",
      hurt: "tasks hurt",
      floor: "noise floor",
      apart: "largest difference, 1e-15",
      bootstrapApart: "of the bootstrap",
      signFlipApart: "of the sign flip",
    }),
    rows: figures.pairs.map((expected, pair) => {
      const found = compareTrials(trials.get(expected.a) ?? [], trials.get(expected.b) ?? []);
      const [low = Number.NaN, high = Number.NaN] = ends(found.bootstrap);
      const { gained, lost, p } = found.mcnemar;
      const signFlip = value(found.signFlip).p;
      return {
        name: `${expected.a} → ${expected.b}`,
        figures: {
          difference: value(found.difference),
          low,
          high,
          p: signFlip,
          mcnemar: p,
          gain: value(found.normalizedGain),
          hurt: found.hurt.length,
          floor: value(found.noiseFloor).floor,
          apart:
            femto *
            apart([
              [found.pairs.length, expected.tasks],
              [value(found.difference), expected.delta],
              [value(found.standardError), expected.paired_se],
              [value(found.unpairedStandardError), expected.unpaired_se],
              [gained, expected.mcnemar_majority.n01],
              [lost, expected.mcnemar_majority.n10],
              [p, expected.mcnemar_majority.exact_p],
              [value(found.wilcoxonP), wilcoxonOfTies[pair] ?? Number.NaN],
              [value(found.normalizedGain), expected.normalized_gain],
            ]),
          bootstrapApart: apart(zip([low, high], expected.paired_bootstrap95)),
          signFlipApart: Math.abs(signFlip - expected.sign_flip_permutation_p),
        },
      };
    }),
  };
}
