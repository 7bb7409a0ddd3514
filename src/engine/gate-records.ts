import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { type Sealed, sealProblems } from "../base/seal.ts";
import {
  type Baseline,
  baselineSchema,
  type Survey,
  survey,
  surveyBaselines,
} from "../evaluation/gates/baseline-files.ts";
import { changedAt, surveyRegressions } from "../evaluation/gates/regression-files.ts";
import {
  type Regression,
  regressionSchema,
  triageStates,
} from "../evaluation/gates/regression-record.ts";
import { gatesJudged, readVerdict } from "../evaluation/gates/verdict-files.ts";
import { type GateVerdict, gateVerdictSchema } from "../evaluation/gates/verdict.ts";
import { isJob } from "../evaluation/jobs/job-folder.ts";
import { jobFolders } from "../evaluation/jobs/job-state.ts";

export {
  baselineSchema,
  changedAt,
  gateVerdictSchema,
  regressionSchema,
  sealProblems,
  triageStates,
};
export type { Baseline, GateVerdict, Regression };

/** A verdict, and the job's folder by name. */
export interface KeptVerdict {
  readonly job: string;
  readonly sealed: Sealed<GateVerdict>;
}

/** Everything that gates keep in one folder of jobs, to be looked at. */
export interface GateRecords {
  /** The latest first. */
  verdicts(): Survey<KeptVerdict>;
  /** @throws Agent33Error `evaluation.job_not_found`, `evaluation.unknown_verdict`, `evaluation.verdict_malformed` */
  verdict(job: string, gate: string): Sealed<GateVerdict>;
  /** The latest first. */
  baselines(): Survey<Baseline>;
  /** @throws Agent33Error `evaluation.unknown_baseline` */
  baseline(id: string): Baseline;
  /** The latest change first. */
  regressions(): Survey<Regression>;
}

/** @param folder of jobs; it need not be there yet */
export function gateRecords(folder: string): GateRecords {
  const jobs = (): readonly string[] => (existsSync(folder) ? jobFolders(folder) : []);
  const baselines = (): Survey<Baseline> => {
    const { items, damaged } = surveyBaselines(folder);
    return { items: items.toSorted((a, b) => b.savedAt - a.savedAt), damaged };
  };
  return {
    verdicts: () => {
      const places = jobs().flatMap((dir) => gatesJudged(dir).map((gate) => [dir, gate] as const));
      const read = places.map(([dir, gate]) =>
        survey([dir], () => ({ job: basename(dir), sealed: readVerdict(dir, gate) })),
      );
      return {
        items: read
          .flatMap(({ items }) => items)
          .toSorted((a, b) => b.sealed.body.judgedAt - a.sealed.body.judgedAt),
        damaged: read.flatMap(({ damaged }) => damaged),
      };
    },
    verdict: (job, gate) => {
      const dir = join(folder, job);
      if (isJob(dir)) return readVerdict(dir, gate);
      throw new Agent33Error("evaluation.job_not_found", `There is no job "${job}".`, {
        hint: "List the jobs that there are.",
      });
    },
    baselines,
    baseline: (id) => {
      const found = baselines().items.find((one) => one.id === id);
      if (found !== undefined) return found;
      throw new Agent33Error("evaluation.unknown_baseline", `There is no baseline "${id}".`, {
        hint: "List the baselines that there are.",
      });
    },
    regressions: () => surveyRegressions(folder),
  };
}
