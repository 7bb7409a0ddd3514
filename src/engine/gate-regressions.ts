import { basename, dirname, join, resolve } from "node:path";
import { makeFolder } from "../base/disk.ts";
import { Agent33Error } from "../base/errors.ts";
import { type Arm, armsOf } from "../evaluation/gates/arm.ts";
import {
  type Baseline,
  gatesFolder,
  listBaselines,
  newestBaseline,
  saveBaseline,
} from "../evaluation/gates/baseline-files.ts";
import { findRegressions, type RegressionReport } from "../evaluation/gates/find-regressions.ts";
import { type JudgedJob, readJudgedJob } from "../evaluation/gates/judged-job.ts";
import {
  findRegression,
  listRegressions,
  regressionNamed,
  saveRegression,
} from "../evaluation/gates/regression-files.ts";
import {
  type Regression,
  regressionId,
  sighted,
  type Triage,
  triaged,
  triageStates,
  type TriageState,
} from "../evaluation/gates/regression-record.ts";
import { jobFolders } from "../evaluation/jobs/job-state.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import type { OpenGate } from "./open-gate.ts";
import { gitHead } from "./git-head.ts";
import type { Host } from "./host.ts";

export type { Baseline, Regression, TriageState };
export { triageStates };

/** What a job is beside a baseline. */
export interface JobComparison {
  readonly baseline: Baseline;
  readonly compared: number;
  readonly notices: readonly string[];
  /** As they are kept now, those that were seen. */
  readonly regressions: readonly Regression[];
}

/**
 * Keeps what a finished job came to as its branch's baseline.
 * @param job its folder, from where the host is
 * @param given the branch; without it, what is checked out there
 * @throws Agent33Error `evaluation.baseline_unfinished`, `evaluation.bad_branch`, `evaluation.job_*`
 */
export async function keepBaseline(
  host: Pick<Host, "cwd" | "clock" | "ids">,
  job: string,
  given: string | undefined,
): Promise<Baseline> {
  const dir = resolve(host.cwd, job);
  const read = await readJudgedJob(dir, []);
  const arms = armsOf(read.trials);
  if (read.left > 0 || arms.every(({ tasks }) => tasks.every(({ trials }) => trials === 0))) {
    throw new Agent33Error(
      "evaluation.baseline_unfinished",
      read.left > 0
        ? `${read.left} trials of the job "${read.config.name}" have no result.`
        : `No trial of the job "${read.config.name}" has a verdict of somebody's work.`,
      { hint: "Go on with it by `agent33 eval resume`, or take another job." },
    );
  }
  refuseSameKeys(arms, read);
  const head = gitHead(host.cwd);
  const branch = given ?? head.branch;
  if (branch === null) {
    throw new Agent33Error("evaluation.bad_branch", "No branch is checked out here.", {
      hint: "Name it: --branch main.",
    });
  }
  const { id, name } = read.config;
  const baseline: Baseline = {
    format: "agent33-baseline/1",
    id: host.ids(),
    branch,
    savedAt: host.clock.now(),
    // Of another branch than the one that is checked out it is not known.
    commit: branch === head.branch ? head.commit : null,
    job: { id, name },
    arms: [...arms],
  };
  saveBaseline(dirname(dir), baseline);
  return baseline;
}

/**
 * All baselines of a folder of jobs.
 * @throws Agent33Error `evaluation.job_not_found`, `evaluation.baseline_malformed`
 */
export function baselinesIn(host: Pick<Host, "cwd">, jobs: string): readonly Baseline[] {
  return listBaselines(folderOfJobs(host, jobs));
}

/** @throws Agent33Error `evaluation.unknown_baseline`, `evaluation.baseline_malformed` */
export function baselineOf(host: Pick<Host, "cwd">, jobs: string, branch: string): Baseline {
  return newestBaseline(resolve(host.cwd, jobs), branch);
}

/**
 * Compares a job with the newest baseline of a branch, and keeps what got worse.
 * @param job its folder, from where the host is
 * @throws Agent33Error `evaluation.unknown_baseline`, `evaluation.job_*`, `evaluation.gates_busy`
 */
export async function checkRegressions(
  host: Pick<Host, "cwd" | "clock">,
  open: OpenGate,
  job: string,
  against: string,
): Promise<JobComparison> {
  const dir = resolve(host.cwd, job);
  const jobsDir = dirname(dir);
  const baseline = newestBaseline(jobsDir, against);
  const read = await readJudgedJob(dir, []);
  const arms = armsOf(read.trials);
  refuseSameKeys(arms, read);
  const reports = arms.map((arm) => compared(baseline, arm, open));
  const owners = new Map(open.golden.map(({ name, owner }) => [name, owner]));
  const { id, name } = read.config;
  const regressions = alone(jobsDir, () =>
    reports
      .flatMap(({ findings }) => findings)
      .map((finding) => {
        const known = findRegression(jobsDir, regressionId({ finding, against }));
        const owner = owners.get(finding.subject) ?? null;
        const at = host.clock.now();
        const now = sighted(known, { finding, against, job: { id, name }, owner, at });
        saveRegression(jobsDir, now);
        return now;
      }),
  );
  return {
    baseline,
    regressions,
    compared: reports.reduce((sum, report) => sum + report.compared, 0),
    notices: reports.flatMap(({ notices }) => notices),
  };
}

function compared({ arms }: Baseline, after: Arm, { gate, golden }: OpenGate): RegressionReport {
  const before = arms.find(({ key }) => key === after.key);
  if (before !== undefined) {
    return findRegressions(before, after, { thresholds: gate.thresholds, golden });
  }
  const notices = [`The baseline has no condition "${after.name}".`];
  return { findings: [], compared: 0, notices };
}

/** @throws Agent33Error `evaluation.job_not_found`, `evaluation.regression_malformed` */
export function regressionsIn(
  host: Pick<Host, "cwd">,
  jobs: string,
  state: TriageState | undefined,
): readonly Regression[] {
  const all = listRegressions(folderOfJobs(host, jobs));
  return state === undefined ? all : all.filter((one) => one.state === state);
}

/** @throws Agent33Error `evaluation.unknown_regression`, `evaluation.regression_malformed` */
export function regressionOf(host: Pick<Host, "cwd">, jobs: string, id: string): Regression {
  return regressionNamed(resolve(host.cwd, jobs), id);
}

/**
 * Keeps what a person does about a regression.
 * @throws Agent33Error `evaluation.unknown_regression`, `evaluation.bad_triage`,
 * `evaluation.gates_busy`
 */
export function triageRegression(
  host: Pick<Host, "cwd" | "clock">,
  jobs: string,
  id: string,
  triage: Omit<Triage, "at">,
): Regression {
  const jobsDir = resolve(host.cwd, jobs);
  // Before anything is written: a folder that is no folder of jobs stays as it is.
  regressionNamed(jobsDir, id);
  return alone(jobsDir, () => {
    const now = triaged(regressionNamed(jobsDir, id), { ...triage, at: host.clock.now() });
    saveRegression(jobsDir, now);
    return now;
  });
}

/** A folder that is not there has no list, and not an empty one. */
function folderOfJobs(host: Pick<Host, "cwd">, jobs: string): string {
  const dir = resolve(host.cwd, jobs);
  jobFolders(dir);
  return dir;
}

/** Two versions of an agent in one job would be compared with each other's past. */
function refuseSameKeys(arms: readonly Arm[], { dir }: JudgedJob): void {
  const same = arms.find((one, index) => arms.findIndex(({ key }) => key === one.key) !== index);
  if (same === undefined) return;
  throw new Agent33Error(
    "evaluation.several_conditions",
    `The job "${basename(dir)}" has "${same.name}" in several versions of the agent.`,
    { hint: "A baseline is of one version of each agent: try them in jobs of their own." },
  );
}

const patienceMs = 5_000;

/** Holds the regressions of a folder of jobs: who reads and writes them must be alone at it. */
function alone<T>(jobsDir: string, work: () => T): T {
  makeFolder(join(jobsDir, gatesFolder));
  const lock = takeLock(join(jobsDir, gatesFolder, ".lock"), "alone", patienceMs);
  if (lock === undefined) {
    throw new Agent33Error(
      "evaluation.gates_busy",
      `Another process changes the regressions of "${jobsDir}".`,
      { hint: "Try again when it has ended.", retryable: true },
    );
  }
  try {
    return work();
  } finally {
    lock.release();
  }
}
