import type { Trial } from "./trial.ts";
import { usualPassRule } from "./trial.ts";

/** A made-up trial: what is not given is usual. */
export function trialOf(given: Partial<Trial> & { readonly id: string }): Trial {
  return {
    format: "agent33-trial/1",
    name: given.id,
    task: { name: "sum", source: null, digest: "0".repeat(64) },
    condition: { agent: "worker", model: "scripted" },
    attempt: "agent",
    passRule: usualPassRule,
    verdict: { kind: "scored", rewards: { reward: 1 } },
    retries: [],
    costMicroUsd: 1_000,
    tokens: { input: 100, cachedInput: 0, output: 10 },
    startedAt: 1_750_000_000_000,
    finishedAt: 1_750_000_002_000,
    phaseMs: { agent: 1_500, verifier: 500 },
    digests: {},
    artefacts: [],
    ...given,
  };
}

/** Trials with these counts, a task each; its name tells its place. */
export function trialsOf(
  counts: readonly (readonly [trials: number, passes: number])[],
  given: Partial<Trial> & { readonly id: string },
): readonly Trial[] {
  return counts.flatMap(([trials, passes], task) =>
    Array.from({ length: trials }, (_, index) =>
      trialOf({
        ...given,
        id: `${given.id}/${task}/${index}`,
        task: { name: `task-${String(task).padStart(2, "0")}`, source: null, digest: `d${task}` },
        verdict: { kind: "scored", rewards: { reward: index < passes ? 1 : 0 } },
      }),
    ),
  );
}
