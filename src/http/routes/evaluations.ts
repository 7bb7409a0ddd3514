import { z } from "zod";
import { efforts } from "../../base/effect.ts";
import { type AgentSpec, skillArms } from "../../engine.ts";
import type { Engines } from "../../engine/engines.ts";
import {
  jobParams,
  jobSchema,
  jobView,
  plainName,
  taskListSchema,
  taskListView,
  trialSchema,
  trialView,
} from "../evaluations-view.ts";
import { pageOf, pageQuery, timePage } from "../input.ts";
import { requireInstallation } from "../installation.ts";
import { settingsPlaces, shownAs } from "../placeless.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";
import { agentName, modelName } from "../runs-view.ts";

const tag = "evaluations";
const reading = { tag, scope: "evaluations:read", effect: "read", method: "GET" } as const;
const working = { tag, scope: "evaluations:write", effect: "write", method: "POST" } as const;

/** Jobs are folders of the installation: who runs it makes and sees them. */
export async function jobsOf(call: RouteContext): ReturnType<Engines["jobs"]> {
  requireInstallation(call);
  return call.engines.jobs();
}

const shown = <S extends z.ZodType>(form: S, value: unknown, call: RouteContext): z.input<S> =>
  shownAs(form, value, call.host, settingsPlaces(call.config, call.host));

const tasks = defineRoute({
  ...reading,
  name: "listEvaluationTasks",
  path: "/v1/evaluations/tasks",
  summary: "List the tasks that agents may be tried on",
  description: "Those of the folders that the settings name under `serve.evaluations.tasks`.",
  answer: { status: 200, schema: taskListSchema },
  problems: [422],
  handle: async (call) =>
    shown(taskListSchema, taskListView(await (await jobsOf(call)).tasks()), call),
});

const jobs = defineRoute({
  ...reading,
  name: "listEvaluationJobs",
  path: "/v1/evaluations/jobs",
  summary: "List jobs of trials and how far they are, newest first",
  description: "Those in the folder `serve.evaluations.jobs`, whoever made them.",
  query: pageQuery,
  answer: { status: 200, schema: pageOf(jobSchema) },
  problems: [422],
  handle: async (call) => {
    const served = await jobsOf(call);
    const { jobs: all, damaged } = served.list();
    const page = timePage(all, ({ createdAt }) => createdAt, call.query);
    const items: ReturnType<typeof jobView>[] = [];
    // One after the other: each reads all of its trials.
    for (const { name } of page.items) items.push(jobView(await served.show(name)));
    const told = damaged.length === 0 ? {} : { damaged };
    return shown(pageOf(jobSchema), { items, nextCursor: page.nextCursor, ...told }, call);
  },
});

const job = defineRoute({
  ...reading,
  name: "showEvaluationJob",
  path: "/v1/evaluations/jobs/{job}",
  summary: "Look at a job and how far it is",
  params: jobParams,
  answer: { status: 200, schema: jobSchema },
  problems: [404, 422],
  handle: async (call) =>
    shown(jobSchema, jobView(await (await jobsOf(call)).show(call.params.job)), call),
});

const trials = defineRoute({
  ...reading,
  name: "listEvaluationTrials",
  path: "/v1/evaluations/jobs/{job}/trials",
  summary: "List a job's trials, in the order in which they begin",
  params: jobParams,
  query: z.strictObject({
    ...pageQuery.shape,
    task: z.string().min(1).max(200).exactOptional().describe("of this task"),
    state: z.enum(["open", "begun", "done"]).exactOptional(),
  }),
  answer: { status: 200, schema: pageOf(trialSchema) },
  problems: [404, 422],
  handle: async (call) => {
    const served = await jobsOf(call);
    const { limit, cursor, task, state } = call.query;
    const after = Number(cursor ?? 0);
    const found = served
      .trials(call.params.job)
      .map((trial, index) => ({ trial, number: index + 1 }))
      .filter(
        ({ trial, number }) =>
          number > after &&
          (task === undefined || trial.task === task) &&
          (state === undefined || trial.state === state),
      );
    const page = found.slice(0, limit);
    const items = page.map(({ trial }) =>
      trialView(trial, served.result(call.params.job, trial.name)),
    );
    const nextCursor = found.length > limit ? String(page.at(-1)?.number) : null;
    return shown(pageOf(trialSchema), { items, nextCursor }, call);
  },
});

const globs = z.array(z.string().min(1).max(200)).max(200).exactOptional();
const parallel = z.int().min(1).max(1_000).exactOptional().describe("trials at once");

const newJob = z.strictObject({
  name: plainName.exactOptional().describe("the time by default"),
  sets: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(100)
    .exactOptional()
    .describe("names of folders of tasks in the settings; all of them by default"),
  include: globs.describe("only tasks of these names, * for any characters"),
  exclude: globs.describe("no tasks of these names"),
  agents: z
    .array(agentName)
    .min(1)
    .max(50)
    .exactOptional()
    .describe("`oracle`, `nop`, or agents by name or name@version; the settings' by default"),
  models: z.array(modelName).max(50).exactOptional(),
  efforts: z.array(z.enum(efforts)).max(3).exactOptional(),
  skills: z.array(z.enum(skillArms)).min(1).max(4).exactOptional(),
  trials: z.int().min(1).max(10_000).default(1).describe("of each task under each condition"),
  retries: z.int().min(0).max(100).exactOptional().describe("after the infrastructure failed"),
  timeoutMultiplier: z.number().min(0.01).max(1_000).exactOptional(),
  oracleGate: z
    .boolean()
    .exactOptional()
    .describe("whether each task is tried with its own solution first; it is by default"),
  nopGate: z.boolean().exactOptional().describe("whether each is tried with nobody, too"),
  seed: z.int().min(0).max(4_294_967_295).exactOptional().describe("of the figures"),
  parallel,
});

const begun = {
  answer: { status: 202, schema: jobSchema },
  location: ({ name }: { readonly name: string }) => `/v1/evaluations/jobs/${name}`,
} as const;

const start = defineRoute({
  ...working,
  ...begun,
  name: "startEvaluationJob",
  path: "/v1/evaluations/jobs",
  summary: "Try agents on tasks, every task under every condition",
  description:
    "It is written down at once and worked on in the background, where the settings say. What is worked on ends with the server and is resumed by `resume`.",
  body: newJob,
  problems: [404, 409, 422],
  handle: async (call) => {
    const { name, agents, ...matrix } = call.body;
    const request = {
      ...matrix,
      ...(name === undefined ? {} : { job: name }),
      agents: agents === undefined ? [{ kind: "agent33" as const }] : agents.map(specOf),
    };
    return shown(jobSchema, jobView(await (await jobsOf(call)).start(request)), call);
  },
});

function specOf(name: string): AgentSpec {
  return name === "oracle" || name === "nop" ? { kind: name } : { kind: "agent33", agent: name };
}

const resume = defineRoute({
  ...working,
  ...begun,
  name: "resumeEvaluationJob",
  path: "/v1/evaluations/jobs/{job}/resume",
  summary: "Go on with a job that was stopped",
  description: "What has its result is left alone. All that it hangs on must be what it was.",
  params: jobParams,
  body: z.strictObject({
    errors: z.boolean().default(false).describe("whether what has no verdict is begun anew, too"),
    parallel,
  }),
  problems: [404, 409, 422],
  handle: async (call) => {
    const { errors: retryErrors, ...more } = call.body;
    const resumed = await (await jobsOf(call)).resume(call.params.job, { retryErrors, ...more });
    return shown(jobSchema, jobView(resumed), call);
  },
});

const cancel = defineRoute({
  ...working,
  ...begun,
  name: "cancelEvaluationJob",
  path: "/v1/evaluations/jobs/{job}/cancel",
  summary: "Ask a job to stop",
  description: "Trials at work are left undone, to be made when it is resumed.",
  params: jobParams,
  problems: [404, 409],
  handle: async (call) =>
    shown(jobSchema, jobView(await (await jobsOf(call)).cancel(call.params.job)), call),
});

/** Jobs: agents tried on tasks. */
export const evaluationRoutes: readonly Route[] = [tasks, jobs, start, job, trials, resume, cancel];
