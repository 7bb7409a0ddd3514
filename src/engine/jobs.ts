import { availableParallelism, totalmem } from "node:os";
import { mkdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { packageVersion } from "../base/version.ts";
import type { TrialAgent } from "../evaluation/attempts/attempt.ts";
import { commandAgent } from "../evaluation/attempts/command.ts";
import { nopAgent } from "../evaluation/attempts/nop.ts";
import { oracleAgent } from "../evaluation/attempts/oracle.ts";
import { driveJob, type Job, type JobEnd, type JobParts } from "../evaluation/jobs/drive-job.ts";
import { type AgentSpec, type JobConfig, jobRequestSchema } from "../evaluation/jobs/job-config.ts";
import type { JobEvent } from "../evaluation/jobs/job-events.ts";
import { readJob, writeJobResult } from "../evaluation/jobs/job-folder.ts";
import { jobResult } from "../evaluation/jobs/job-result.ts";
import { tasksOf } from "../evaluation/jobs/job-tasks.ts";
import { beginJob, openJob, refuseSameAgents } from "../evaluation/jobs/open-job.ts";
import type { Capacity } from "../evaluation/jobs/schedule.ts";
import type { Trial } from "../evaluation/trials/trial.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import { type EnvironmentParts, givenVariables, openEnvironment } from "./environments.ts";

/** What jobs are made with. */
export interface JobsParts extends EnvironmentParts {
  readonly dataDir: string;
  /** An agent of this engine at work on tasks. */
  readonly trialAgent: (reference: string | undefined) => TrialAgent;
  /** Learns from a trial, of a folder. */
  readonly recordTrial: (trial: Trial, folder: string) => Promise<void>;
}

const text = z.string().trim().min(1);

const goingOn = {
  /** How many trials at once; without it, what the machine bears by what the tasks say they take. */
  parallel: z.int().min(1).max(1_000).exactOptional(),
};
const runRequestSchema = jobRequestSchema.extend({
  ...goingOn,
  /** The folder of all jobs. */
  jobs: text.default("jobs"),
  /** The job's name; without it, the time. */
  job: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
      "takes letters, digits, dots, dashes and underscores",
    )
    .exactOptional(),
});
const resumeRequestSchema = z.strictObject({
  ...goingOn,
  /** The job's folder. */
  job: text,
  /** Whether trials that ended without a verdict are begun anew. */
  retryErrors: z.boolean().default(false),
});
export type JobRunRequest = z.input<typeof runRequestSchema>;
export type JobResumeRequest = z.input<typeof resumeRequestSchema>;

/** What is told and asked while a job goes on. */
export interface JobWatch {
  readonly tell?: (event: JobEvent) => void;
  /** Ends the job when it aborts; trials at work are left undone, to be resumed. */
  readonly signal?: AbortSignal;
}

/** How far a job came, and where it is. */
export interface JobOutcome extends JobEnd {
  readonly dir: string;
  readonly config: JobConfig;
}

/** A job that is written down and at work. */
export interface BegunJob {
  readonly dir: string;
  readonly config: JobConfig;
  /** Settles when it has ended. */
  readonly ended: Promise<JobOutcome>;
}

export interface Jobs {
  /**
   * Tries tasks under every condition of a matrix.
   * @throws Agent33Error `evaluation.*`, `agents.*`, `sandbox.invalid_command`
   */
  run(request: JobRunRequest, watch?: JobWatch): Promise<JobOutcome>;
  /** The same, for who does not wait: resolves when the job is written down. */
  begin(request: JobRunRequest, watch?: JobWatch): Promise<BegunJob>;
  /**
   * Makes what trials of a job are still to be made.
   * @throws Agent33Error `evaluation.*`
   */
  resume(request: JobResumeRequest, watch?: JobWatch): Promise<JobOutcome>;
  /** The same, for who does not wait. */
  goOn(request: JobResumeRequest, watch?: JobWatch): Promise<BegunJob>;
}

export function createJobs(parts: JobsParts): Jobs {
  const { host } = parts;
  const begin: Jobs["begin"] = async (request, watch = {}) => {
    const asked = checked(runRequestSchema, request);
    const { jobs, job, parallel, ...matrix } = asked;
    const agents = agentsOf(matrix.agents, parts);
    refuseSameAgents(agents);
    const createdAt = host.clock.now();
    const name = job ?? timeName(createdAt);
    const dir = resolve(host.cwd, jobs, name);
    const paths = matrix.tasks.map((path) => resolve(host.cwd, path));
    const found = await tasksOf({ paths, include: matrix.include, exclude: matrix.exclude });
    const jobsDir = resolve(host.cwd, jobs);
    const driver = await openEnvironment({ kind: matrix.environment, jobsDir }, parts);
    const config: JobConfig = {
      format: "agent33-job/1",
      id: host.ids(),
      name,
      createdAt,
      ...matrix,
      tasks: paths,
      environment: driver.kind,
    };
    const drivers = { ...partsOf(parts, agents, parallel, watch), driver, retryErrors: false };
    return begun(
      dir,
      async () => beginJob(dir, config, found, { agents, versions: versionsOf(parts) }),
      (made) => drive(made, drivers, watch),
    );
  };
  const goOn: Jobs["goOn"] = async (request, watch = {}) => {
    const { job, parallel, retryErrors } = checked(resumeRequestSchema, request);
    const dir = resolve(host.cwd, job);
    const { config } = readJob(dir);
    const agents = agentsOf(config.agents, parts);
    const jobsDir = dirname(dir);
    const driver = await openEnvironment({ kind: config.environment, jobsDir }, parts);
    const drivers = { ...partsOf(parts, agents, parallel, watch), driver, retryErrors };
    return begun(
      dir,
      () => openJob(dir, () => ({ agents, versions: versionsOf(parts) })),
      (opened) => drive(opened, drivers, watch),
    );
  };
  return {
    begin,
    goOn,
    run: async (request, watch) => (await begin(request, watch)).ended,
    resume: async (request, watch) => (await goOn(request, watch)).ended,
  };

  async function drive(job: Job, jobParts: JobParts, watch: JobWatch): Promise<JobOutcome> {
    const signal = watch.signal ?? new AbortController().signal;
    const end = await driveJob(job, jobParts, signal);
    writeJobResult(job.dir, jobResult(job, end, host.clock.now()));
    return { ...end, dir: job.dir, config: job.config };
  }
}

/** Holds a job from its opening to its end, and tells of the opening. */
async function begun(
  dir: string,
  open: () => Promise<Job>,
  go: (job: Job) => Promise<JobOutcome>,
): Promise<BegunJob> {
  const opened = Promise.withResolvers<Job>();
  const ended = alone(dir, async () => {
    const job = await open();
    opened.resolve(job);
    return go(job);
  });
  // What keeps it from being opened is told here; what ends it later is told by `ended`.
  ended.catch(opened.reject);
  const { config } = await opened.promise;
  return { dir, config, ended };
}

function partsOf(
  parts: JobsParts,
  agents: readonly TrialAgent[],
  parallel: number | undefined,
  watch: JobWatch,
): Omit<JobParts, "driver" | "retryErrors"> {
  const variables = givenVariables(parts.host);
  return {
    clock: parts.host.clock,
    variables,
    agents,
    keepers: { oracle: oracleAgent(variables), nop: nopAgent },
    capacity: capacityOf(parallel),
    gateCache: join(parts.dataDir, "evaluation", "gates"),
    tell: (event) => watch.tell?.(event),
    recordTrial: parts.recordTrial,
  };
}

function capacityOf(parallel: number | undefined): Capacity {
  if (parallel !== undefined) return { kind: "count", parallel };
  // Some memory is the system's and this program's own.
  const memoryMb = Math.floor((totalmem() * 0.8) / 1024 / 1024);
  return { kind: "machine", cpus: availableParallelism(), memoryMb };
}

function versionsOf({ host }: JobsParts): Readonly<Record<string, string>> {
  return { agent33: packageVersion(), node: host.nodeVersion };
}

function agentsOf(specs: readonly AgentSpec[], parts: JobsParts): readonly TrialAgent[] {
  return specs.map((spec) => {
    switch (spec.kind) {
      case "oracle":
        return oracleAgent(givenVariables(parts.host));
      case "nop":
        return nopAgent;
      case "command":
        return commandAgent(spec);
      case "agent33":
        return parts.trialAgent(spec.agent);
    }
  });
}

/** Holds a job for one process; the system lets go of it when that ends in any way. */
async function alone<T>(dir: string, work: () => Promise<T>): Promise<T> {
  // For others to look into: a user without rights may be who works in a trial.
  mkdirSync(dir, { recursive: true });
  const lock = takeLock(join(dir, ".lock"), "alone", 0);
  if (lock === undefined) {
    throw new Agent33Error(
      "evaluation.job_busy",
      `Another process works on the job "${basename(dir)}".`,
      {
        hint: "Wait until it has ended, or stop it: it lets go of the job then.",
        retryable: true,
      },
    );
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** As Harbor names jobs. */
function timeName(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", "__").replaceAll(":", "-");
}

function checked<Schema extends z.ZodType>(schema: Schema, request: unknown): z.output<Schema> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "the request"}: ${message}`,
  );
  throw new Agent33Error(
    "evaluation.job_request",
    `The job cannot be made: ${problems.join("; ")}`,
    {
      hint: "Correct what is named.",
      details: { problems },
    },
  );
}
