import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Agent33Error } from "../../src/base/errors.ts";
import type { Trial } from "../../src/evaluation/trials/trial.ts";
import { trialOf } from "../../src/evaluation/trials/trial.fixture.ts";

const files = {
  trials: "statistics/terminal-bench-1-leaderboard-trials.csv",
  figures: "statistics/stats_reference.json",
  airline: "trajectories/gpt-4o-airline.json",
} as const;

const bounds = z.tuple([z.number(), z.number()]);
const byK = z.record(z.string(), z.number());
const figuresSchema = z.object({
  agents: z.record(
    z.string(),
    z.object({
      trials: z.int(),
      passes: z.int(),
      mean: z.number(),
      se_naive_trials: z.number(),
      se_clustered_task: z.number(),
      pass_at: byK,
      pass_hat: byK,
      wilson95_trials_iid: bounds,
      clopper_pearson95_trials_iid: bounds,
      t95_task_clustered: bounds,
      flaky_tasks: z.int(),
    }),
  ),
  pairs: z.array(
    z.object({
      a: z.string(),
      b: z.string(),
      tasks: z.int(),
      delta: z.number(),
      paired_bootstrap95: bounds,
      paired_se: z.number(),
      unpaired_se: z.number(),
      mcnemar_majority: z.object({ n01: z.int(), n10: z.int(), exact_p: z.number() }),
      sign_flip_permutation_p: z.number(),
      normalized_gain: z.number(),
    }),
  ),
});
export type ReferenceFigures = z.infer<typeof figuresSchema>;

const airlineSchema = z.array(z.object({ task_id: z.int(), trial: z.int(), reward: z.number() }));

/** Real outcomes, and what SciPy makes of them. */
export interface Reference {
  readonly figures: ReferenceFigures;
  /** Trials by agent. */
  readonly trials: ReadonlyMap<string, readonly Trial[]>;
  /** 200 runs of one agent. */
  readonly airline: readonly Trial[];
}

/**
 * Reads them.
 * @param folder what `AGENT33_BENCH_DATA` names
 * @throws Agent33Error `bench.no_data` where a file is not there
 */
export function readReference(folder: string | undefined): Reference {
  const textOf = (path: string): string => {
    if (folder !== undefined && existsSync(join(folder, path))) {
      return readFileSync(join(folder, path), "utf8");
    }
    throw new Agent33Error("bench.no_data", "The outcomes to judge are not here.", {
      hint: `Set AGENT33_BENCH_DATA to the folder with ${path}.`,
    });
  };
  const [, ...lines] = textOf(files.trials).trim().split("\n");
  const trials = lines.map((line) => {
    const [agent = "", task = "", id = "", resolved = ""] = line.split(",");
    return judged(`${agent}/${id}`, agent, task, resolved === "1" ? 1 : 0);
  });
  const airline = airlineSchema.parse(JSON.parse(textOf(files.airline)));
  return {
    figures: figuresSchema.parse(JSON.parse(textOf(files.figures))),
    trials: Map.groupBy(trials, ({ condition }) => condition.agent),
    airline: airline.map(({ task_id, trial, reward }) =>
      judged(`${task_id}/${trial}`, "airline", String(task_id), reward),
    ),
  };
}

function judged(id: string, agent: string, task: string, reward: number): Trial {
  return trialOf({
    id,
    task: { name: task, source: null, digest: null },
    condition: { agent, model: null },
    verdict: { kind: "scored", rewards: { reward } },
    costMicroUsd: null,
  });
}
