import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent33Error } from "../../base/errors.ts";
import { digestOf } from "../../base/digest.ts";
import type { TrialAgent } from "../attempts/attempt.ts";
import type { EnvironmentDriver, PreparedTask } from "../environments/environment.ts";
import { makeTrial } from "../trials/make-trial.ts";
import { gateName } from "../trials/read-trials.ts";
import { readResult } from "../trials/result-file.ts";
import type { TrialParts, TrialPlan } from "../trials/run-trial.ts";
import { isFinished, reopenTrial } from "../trials/trial-folder.ts";
import { type Condition, type Trial, usualPassRule } from "../trials/trial.ts";
import { type GateKeeper, type GateKey, passedBefore, refusalOf, rememberPass } from "./gate.ts";
import type { Exclusion, JobEvent, TrialName } from "./job-events.ts";
import { type JobFiles, writePins } from "./job-folder.ts";
import { endLeftovers } from "./leftovers.ts";
import { cellsOf, type PlannedTrial, planTrials, trialName, uuidOf } from "./matrix.ts";
import { newsOf } from "./news.ts";
import { type Capacity, runUnits, type Unit } from "./schedule.ts";
import type { JobTask } from "./job-tasks.ts";

/** A job that is to be gone on with. */
export interface Job extends JobFiles {
  readonly dir: string;
  readonly tasks: readonly JobTask[];
  /** What people should know of it. */
  readonly notices: readonly string[];
}

/** What jobs are driven with. */
export interface JobParts extends TrialParts {
  readonly driver: EnvironmentDriver;
  /** In the order of the job's agents. */
  readonly agents: readonly TrialAgent[];
  /** Who tries tasks before their trials. */
  readonly keepers: Readonly<Record<GateKeeper, TrialAgent>>;
  readonly capacity: Capacity;
  /** Where gates that were passed are remembered. */
  readonly gateCache: string;
  readonly tell: (event: JobEvent) => void;
  /** Told of each trial that has its result, also of those that had it before: it may be told again. */
  readonly recordTrial: (trial: Trial, dir: string) => Promise<void>;
  /** Whether trials that ended without a verdict are begun anew. */
  readonly retryErrors: boolean;
}

/** How far a job came. */
export interface JobEnd {
  readonly state: "done" | "cancelled";
  readonly trials: readonly Trial[];
  readonly excluded: readonly Exclusion[];
  /** Trials that are still to be made. */
  readonly left: number;
}

/** Where a task stands: its trials begin once it has passed its gates. */
interface Standing {
  open: number;
  excluded: Exclusion | undefined;
}

/**
 * Makes what trials of a job are still to be made. What has its result is left alone; what was cut
 * short is begun anew under its own name, so that nothing is lost and nothing comes twice.
 */
export async function driveJob(job: Job, parts: JobParts, signal: AbortSignal): Promise<JobEnd> {
  const { config, dir } = job;
  const byName = new Map(job.tasks.map((one) => [one.task.name, one]));
  const planned = planTrials(config, [...byName.keys()]);
  const finished = new Map<string, Trial>();
  for (const one of planned) {
    const trial = finishedTrial(join(dir, one.name), one, parts.retryErrors);
    if (trial !== undefined) finished.set(one.name, trial);
  }
  for (const one of planned) {
    if (!finished.has(one.name)) await endLeftovers(join(dir, one.name), parts.clock);
  }
  await endLeftovers(join(dir, gateName), parts.clock);
  parts.tell({
    kind: "job.begun",
    job: config.name,
    dir,
    environment: config.environment,
    tasks: byName.size,
    trials: planned.length,
    done: planned.flatMap((one) => {
      const trial = finished.get(one.name);
      return trial === undefined ? [] : [newsOf(trial, one.repetition)];
    }),
    notices: job.notices,
  });
  const prepare = preparation(job, parts, signal);
  const standings = new Map<string, Standing>();
  const standingOf = (task: string): Standing => {
    const known = standings.get(task) ?? { open: 0, excluded: undefined };
    standings.set(task, known);
    return known;
  };
  const toMake = planned.filter(({ name }) => !finished.has(name));

  const trialUnit = (one: PlannedTrial): Unit => {
    const of = taskOf(byName, one.task);
    const standing = standingOf(one.task);
    return {
      ...needsOf(of),
      state: () =>
        standing.excluded !== undefined ? "dropped" : standing.open > 0 ? "waits" : "ready",
      run: async () => {
        const plan = planOf(one, of, job, parts);
        const trial = await made(plan, of);
        if (trial === undefined) return;
        finished.set(one.name, trial);
        await parts.recordTrial(trial, plan.dir);
        parts.tell({ kind: "trial.ended", ...newsOf(trial, one.repetition) });
      },
    };
  };
  const made = (plan: TrialPlan, of: JobTask): Promise<Trial | undefined> => {
    const { name: trial, condition, repetition } = plan;
    const name: TrialName = { trial, task: of.task.name, condition, repetition };
    return makeTrial(
      plan,
      () => prepare(of),
      config.retries,
      parts,
      {
        begun: () => parts.tell({ kind: "trial.begun", ...name }),
        failed: (error, waitMs) => parts.tell({ kind: "trial.failed", ...name, error, waitMs }),
      },
      signal,
    );
  };
  const gateUnit = (of: JobTask, keeper: GateKeeper): Unit => {
    const standing = standingOf(of.task.name);
    standing.open += 1;
    return {
      ...needsOf(of),
      state: () => (standing.excluded === undefined ? "ready" : "dropped"),
      run: async () => {
        const passed = await throughGate(of, keeper);
        if (passed === undefined) return;
        standing.open -= 1;
        if (passed === true) return;
        standing.excluded = passed;
        const trials = toMake.filter(({ task }) => task === of.task.name).length;
        parts.tell({ kind: "task.excluded", ...passed, trials });
      },
    };
  };
  /** Nothing where it was cut short. */
  const throughGate = async (
    of: JobTask,
    keeper: GateKeeper,
  ): Promise<true | Exclusion | undefined> => {
    const agent = parts.keepers[keeper];
    const task = of.task.name;
    const name = trialName(task, `gate ${keeper}`);
    const place = join(dir, gateName, name);
    let trial = finishedTrial(place, { name }, true);
    if (trial === undefined) {
      const known = await prepare(of).then(
        (prepared) => passedBefore(parts.gateCache, keyOf(of, keeper, prepared)),
        // The trial meets the same error, and keeps it.
        () => false,
      );
      if (known) {
        parts.tell({ kind: "gate.passed", task, known });
        return true;
      }
      const plan = planOf({ id: uuidOf(config.id, name), name, repetition: 1 }, of, job, parts);
      const condition: Condition = { agent: agent.name, model: null };
      trial = await made({ ...plan, dir: place, agent, condition, skills: "own" }, of);
    }
    if (trial === undefined) return undefined;
    const refusal = refusalOf(keeper, trial);
    if (refusal !== undefined) return refusal;
    const key = keyOf(of, keeper, await prepare(of));
    rememberPass(parts.gateCache, key, parts.clock.now(), uuidOf(config.id, name));
    parts.tell({ kind: "gate.passed", task, known: false });
    return true;
  };
  const keyOf = (of: JobTask, keeper: GateKeeper, { digests }: PreparedTask): GateKey => ({
    keeper,
    taskDigest: of.digest,
    environment: config.environment,
    environmentDigests: digests,
  });

  for (const trial of finished.values()) await parts.recordTrial(trial, join(dir, trial.name));
  const tasksToMake = job.tasks.filter(({ task }) => toMake.some((one) => one.task === task.name));
  const hasAgents = parts.agents.some(({ attempt }) => attempt === "agent");
  const gates = !hasAgents
    ? []
    : tasksToMake.flatMap((of) => [
        ...(config.oracleGate && hasSolution(of) ? [gateUnit(of, "oracle")] : []),
        ...(config.nopGate ? [gateUnit(of, "nop")] : []),
      ]);
  await runUnits([...gates, ...toMake.map(trialUnit)], parts.capacity, signal);
  const excluded = [...standings.values()].flatMap((standing) => standing.excluded ?? []);
  const left = toMake.filter(
    ({ name, task }) => !finished.has(name) && standings.get(task)?.excluded === undefined,
  ).length;
  const state = left === 0 ? "done" : "cancelled";
  parts.tell({ kind: "job.ended", state, done: finished.size, left });
  const trials = planned.flatMap(({ name }) => finished.get(name) ?? []);
  return { state, trials, excluded, left };
}

const hasSolution = ({ task }: JobTask): boolean =>
  task.steps.every(({ solution }) => solution !== undefined);

/** What a trial takes where its task says nothing: one core, and a gibibyte of memory. */
function needsOf({ task }: JobTask): Pick<Unit, "cpus" | "memoryMb"> {
  return { cpus: task.environment.cpus ?? 1, memoryMb: task.environment.memoryMb ?? 1_024 };
}

function taskOf(tasks: ReadonlyMap<string, JobTask>, name: string): JobTask {
  const found = tasks.get(name);
  if (found === undefined) throw new RangeError(`"${name}" is a task of its job.`);
  return found;
}

/** The result of a trial that has one. */
function finishedTrial(
  dir: string,
  planned: { readonly name: string; readonly id?: string },
  retryErrors: boolean,
): Trial | undefined {
  if (!existsSync(dir) || !isFinished(dir)) return undefined;
  const path = join(dir, "result.json");
  const content = readResult(readFileSync(path, "utf8"), path);
  if (content.kind !== "own" || (planned.id !== undefined && content.trial.id !== planned.id)) {
    throw new Agent33Error(
      "evaluation.foreign_trial",
      `The trial in "${dir}" is not of this job, though it has its name.`,
      { hint: "Take it away; the job then makes its own." },
    );
  }
  const { trial } = content;
  if (!retryErrors || trial.verdict.kind !== "error") return trial;
  reopenTrial(dir, trial.verdict.error);
  return undefined;
}

type PlannedPlace = Pick<PlannedTrial, "id" | "name" | "repetition"> & {
  readonly cell?: PlannedTrial["cell"];
};

function planOf(one: PlannedPlace, of: JobTask, job: Job, parts: JobParts): TrialPlan {
  const { config } = job;
  const cell = one.cell ?? cellsOf(config)[0];
  const agent = cell === undefined ? undefined : parts.agents[cell.agent];
  if (cell === undefined || agent === undefined) throw new RangeError("A job has agents.");
  return {
    id: one.id,
    name: one.name,
    dir: join(job.dir, one.name),
    task: of.task,
    taskDigest: of.digest,
    source: of.source,
    agent,
    condition: {
      agent: agent.name,
      ...(agent.version === undefined ? {} : { agentVersion: agent.version }),
      model: cell.model ?? null,
      ...(cell.effort === undefined ? {} : { effort: cell.effort }),
      ...(agent.attempt === "agent" ? { skills: cell.skills } : {}),
    },
    model: cell.model,
    effort: cell.effort,
    skills: cell.skills,
    repetition: one.repetition,
    timeoutMultiplier: config.timeoutMultiplier,
    passRule: usualPassRule,
  };
}

/**
 * Makes what the trials of a task share, once. A failure is not remembered: the next trial tries
 * again. What it hangs on is pinned by the first and must not change after that.
 */
function preparation(
  job: Job,
  parts: JobParts,
  signal: AbortSignal,
): (of: JobTask) => Promise<PreparedTask> {
  const made = new Map<string, Promise<PreparedTask>>();
  const environments = { ...job.pins.environments };
  const make = async ({ task }: JobTask): Promise<PreparedTask> => {
    const prepared = await parts.driver.prepare(task, signal);
    const pinned = environments[task.name];
    if (pinned !== undefined && digestOf(pinned) !== digestOf(prepared.digests)) {
      throw new Agent33Error(
        "evaluation.environment_changed",
        `The environment of "${task.name}" is not the one that this job began with.`,
        { hint: "Results in two environments do not compare: begin a new job." },
      );
    }
    environments[task.name] = prepared.digests;
    if (pinned === undefined) writePins(job.dir, { ...job.pins, environments });
    parts.tell({
      kind: "task.prepared",
      task: task.name,
      notices: [...task.notices, ...prepared.notices],
    });
    return prepared;
  };
  return (of) => {
    const { name } = of.task;
    const known = made.get(name) ?? make(of);
    made.set(name, known);
    known.catch(() => made.delete(name));
    return known;
  };
}
