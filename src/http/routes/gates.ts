import { join } from "node:path";
import { z } from "zod";
import {
  baselineSchema,
  changedAt,
  gateRecords,
  gateVerdictSchema,
  type KeptVerdict,
  regressionSchema,
  sealProblems,
  triageStates,
} from "../../engine/gate-records.ts";
import { actorOf } from "../alerts-view.ts";
import { plainName } from "../evaluations-view.ts";
import { moment, pageOf, pageQuery, timePage } from "../input.ts";
import { settingsPlaces, shownAs } from "../placeless.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";
import { jobsOf } from "./evaluations.ts";

const tag = "gates";
const reading = { tag, scope: "gates:read", effect: "read", method: "GET" } as const;
const working = { tag, scope: "gates:write", effect: "write", method: "POST" } as const;

/** What judges jobs is loaded when it is first asked for: no start waits for it. */
const regressionsOfEngine = () => import("../../engine/gate-regressions.ts");

const gateName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, "Must be the name of a gate")
  .describe("the gate's name in the gates file");
const branchName = z.string().min(1).max(200);

const seal = {
  intact: z
    .boolean()
    .describe("whether its digest is that of its content; a signature is not looked at"),
};
const { job: judgedJob, checkout: judgedCheckout } = gateVerdictSchema.shape;
/** Without places of the machine that judged. */
const verdictSchema = gateVerdictSchema
  .extend({
    job: judgedJob.omit({ dir: true }),
    checkout: judgedCheckout.unwrap().omit({ folder: true }).nullable(),
    ...seal,
    digest: z.string().describe("that it was sealed with: of the file, with its places"),
    signed: z.boolean(),
  })
  .meta({ id: "GateVerdict" });
const summarySchema = z
  .strictObject({
    job: z.string(),
    gate: z.string(),
    outcome: gateVerdictSchema.shape.outcome,
    ...seal,
    commit: z.string().nullable().describe("that was checked out; null where none was"),
    judgedAt: moment,
    tasks: z.int().nonnegative(),
    notPassed: z.array(z.string()).describe("golden tasks that did not pass"),
    unmet: z.int().nonnegative().describe("checks that are missed or unknown"),
  })
  .meta({ id: "GateVerdictSummary" });
const baselineView = baselineSchema.meta({ id: "GateBaseline" });
const baselineSummary = z
  .strictObject({
    ...baselineSchema.omit({ arms: true, format: true }).shape,
    conditions: z.array(z.string()),
  })
  .meta({ id: "GateBaselineSummary" });
const regressionView = regressionSchema.meta({ id: "Regression" });

const shown = <S extends z.ZodType>(form: S, value: unknown, call: RouteContext): z.input<S> =>
  shownAs(form, value, call.host, settingsPlaces(call.config, call.host));

async function folderOf(call: RouteContext): Promise<string> {
  return (await jobsOf(call)).folder;
}

const recordsOf = async (call: RouteContext) => gateRecords(await folderOf(call));

/** A page of what there is, and what cannot be read. */
function paged<T>(
  { items, damaged }: { readonly items: readonly T[]; readonly damaged: readonly string[] },
  timeOf: (item: T) => number,
  query: { readonly limit: number; readonly cursor?: string },
  view: (item: T) => unknown,
) {
  const page = timePage(items, timeOf, query);
  const told = damaged.length === 0 ? {} : { damaged };
  return { items: page.items.map(view), nextCursor: page.nextCursor, ...told };
}

const isIntact = (sealed: KeptVerdict["sealed"]): boolean =>
  sealProblems("the verdict", sealed, {}).length === 0;

function summaryOf({ job, sealed }: KeptVerdict): z.input<typeof summarySchema> {
  const { gate, outcome, judgedAt, tasks, checks } = sealed.body;
  const notPassed = new Set(tasks.flatMap((one) => (one.status === "passed" ? [] : [one.task])));
  const unmet = checks.filter((check) => check.outcome !== "met").length;
  return {
    job,
    gate,
    outcome,
    intact: isIntact(sealed),
    commit: sealed.body.checkout?.commit ?? null,
    judgedAt,
    tasks: new Set(tasks.map(({ task }) => task)).size,
    notPassed: [...notPassed],
    unmet,
  };
}

function placelessCheckout(found: KeptVerdict["sealed"]["body"]["checkout"]) {
  if (found === null) return null;
  const { folder: _folder, ...rest } = found;
  return rest;
}

function verdictView(sealed: KeptVerdict["sealed"]): z.input<typeof verdictSchema> {
  const { job, checkout, ...rest } = sealed.body;
  const { dir: _dir, ...judged } = job;
  return {
    ...rest,
    job: judged,
    checkout: placelessCheckout(checkout),
    intact: isIntact(sealed),
    digest: sealed.digest,
    signed: sealed.signature !== undefined,
  };
}

const verdicts = defineRoute({
  ...reading,
  name: "listGateVerdicts",
  path: "/v1/gates/verdicts",
  summary: "List what gates said of jobs, newest first",
  description: "The last verdict of each gate on each job in the folder `serve.evaluations.jobs`.",
  query: z.strictObject({
    ...pageQuery.shape,
    job: plainName.exactOptional().describe("on this job"),
    gate: gateName.exactOptional(),
    outcome: gateVerdictSchema.shape.outcome.exactOptional(),
  }),
  answer: { status: 200, schema: pageOf(summarySchema) },
  handle: async (call) => {
    const { job, gate, outcome } = call.query;
    const { items, damaged } = (await recordsOf(call)).verdicts();
    const found = items.filter(
      (one) =>
        (job === undefined || one.job === job) &&
        (gate === undefined || one.sealed.body.gate === gate) &&
        (outcome === undefined || one.sealed.body.outcome === outcome),
    );
    const page = paged(
      { items: found, damaged },
      ({ sealed }) => sealed.body.judgedAt,
      call.query,
      summaryOf,
    );
    return shown(pageOf(summarySchema), page, call);
  },
});

const verdict = defineRoute({
  ...reading,
  name: "showGateVerdict",
  path: "/v1/gates/verdicts/{job}/{gate}",
  summary: "Look at what a gate said of a job: each golden task and each check",
  params: z.strictObject({ job: plainName, gate: gateName }),
  answer: { status: 200, schema: verdictSchema },
  problems: [404, 422],
  handle: async (call) => {
    const { job, gate } = call.params;
    return shown(verdictSchema, verdictView((await recordsOf(call)).verdict(job, gate)), call);
  },
});

const baselines = defineRoute({
  ...reading,
  name: "listGateBaselines",
  path: "/v1/gates/baselines",
  summary: "List what branches could do, newest first",
  query: z.strictObject({ ...pageQuery.shape, branch: branchName.exactOptional() }),
  answer: { status: 200, schema: pageOf(baselineSummary) },
  handle: async (call) => {
    const { branch } = call.query;
    const { items, damaged } = (await recordsOf(call)).baselines();
    const found = items.filter((one) => branch === undefined || one.branch === branch);
    const page = paged(
      { items: found, damaged },
      ({ savedAt }) => savedAt,
      call.query,
      ({ arms, format: _format, ...one }) => ({ ...one, conditions: arms.map(({ name }) => name) }),
    );
    return shown(pageOf(baselineSummary), page, call);
  },
});

const baseline = defineRoute({
  ...reading,
  name: "showGateBaseline",
  path: "/v1/gates/baselines/{id}",
  summary: "Look at a baseline, task by task",
  params: z.strictObject({ id: z.string().min(1).max(100) }),
  answer: { status: 200, schema: baselineView },
  problems: [404],
  handle: async (call) =>
    shown(baselineView, (await recordsOf(call)).baseline(call.params.id), call),
});

const save = defineRoute({
  ...working,
  name: "saveGateBaseline",
  path: "/v1/gates/baselines",
  summary: "Keep what a finished job came to as its branch's baseline",
  description: "Earlier ones stay. The commit is known of the branch that the server's folder has.",
  body: z.strictObject({ job: plainName, branch: branchName }),
  answer: { status: 201, schema: baselineView },
  location: ({ id }) => `/v1/gates/baselines/${id}`,
  problems: [404, 422],
  handle: async (call) => {
    const served = await jobsOf(call);
    const { job, branch } = call.body;
    await served.show(job);
    const { keepBaseline } = await regressionsOfEngine();
    return shown(
      baselineView,
      await keepBaseline(call.host, join(served.folder, job), branch),
      call,
    );
  },
});

const regressions = defineRoute({
  ...reading,
  name: "listRegressions",
  path: "/v1/gates/regressions",
  summary: "List what got worse, the latest change first",
  query: z.strictObject({
    ...pageQuery.shape,
    state: z.enum(triageStates).exactOptional(),
    open: z
      .enum(["true", "false"])
      .transform((word) => word === "true")
      .exactOptional()
      .describe("true: neither resolved nor left as they are"),
    owner: z.string().min(1).max(200).exactOptional(),
    against: branchName.exactOptional().describe("compared with this branch"),
  }),
  answer: { status: 200, schema: pageOf(regressionView) },
  handle: async (call) => {
    const { state, open, owner, against } = call.query;
    const { items, damaged } = (await recordsOf(call)).regressions();
    const found = items.filter(
      (one) =>
        (state === undefined || one.state === state) &&
        (open === undefined || open === !["resolved", "wontfix"].includes(one.state)) &&
        (owner === undefined || one.owner === owner) &&
        (against === undefined || one.against === against),
    );
    const page = paged({ items: found, damaged }, changedAt, call.query, (one) => one);
    return shown(pageOf(regressionView), page, call);
  },
});

const regressionParams = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{1,12}$/, "Must be a regression's id, or its beginning")
    .describe("the regression's id, or its beginning"),
});

const regression = defineRoute({
  ...reading,
  name: "showRegression",
  path: "/v1/gates/regressions/{id}",
  summary: "Look at a regression and its history",
  params: regressionParams,
  answer: { status: 200, schema: regressionView },
  problems: [404, 422],
  handle: async (call) => {
    const { regressionOf } = await regressionsOfEngine();
    return shown(
      regressionView,
      regressionOf(call.host, await folderOf(call), call.params.id),
      call,
    );
  },
});

async function triaged(
  call: RouteContext & { readonly params: { readonly id: string } },
  said: {
    readonly state?: (typeof triageStates)[number];
    readonly owner?: string;
    readonly note?: string;
  },
) {
  const { triageRegression } = await regressionsOfEngine();
  const { user } = actorOf(call);
  const { state, owner, note } = said;
  return shown(
    regressionView,
    triageRegression(call.host, await folderOf(call), call.params.id, {
      state,
      owner,
      note,
      by: user,
    }),
    call,
  );
}

const note = z.string().min(1).max(2_000);

const take = defineRoute({
  ...working,
  name: "takeRegression",
  path: "/v1/gates/regressions/{id}/take",
  summary: "Take a regression on: it is one's own, and looked into",
  params: regressionParams,
  body: z.strictObject({ note: note.exactOptional() }),
  answer: { status: 200, schema: regressionView },
  problems: [404, 409, 422, 503],
  handle: async (call) => {
    const { regressionOf } = await regressionsOfEngine();
    const { state } = regressionOf(call.host, await folderOf(call), call.params.id);
    // What somebody works on already goes on where it is.
    const rests = ["new", "resolved", "wontfix"].includes(state);
    const begun = rests ? { state: "investigating" as const } : {};
    return triaged(call, { ...call.body, ...begun, owner: actorOf(call).user });
  },
});

const triage = defineRoute({
  ...working,
  name: "triageRegression",
  path: "/v1/gates/regressions/{id}/triage",
  summary: "Say how it stands with a regression: its state, owner, and why",
  description:
    "An end (`resolved`, `wontfix`) needs a note. What has ended becomes `investigating` before anything else; only a new sighting makes one `new`.",
  params: regressionParams,
  body: z
    .strictObject({
      state: z.enum(triageStates).exactOptional(),
      owner: z.string().min(1).max(200).exactOptional(),
      note: note.exactOptional().describe("the reason; kept in the history"),
    })
    .refine((said) => Object.keys(said).length > 0, "Give a state, an owner or a note"),
  answer: { status: 200, schema: regressionView },
  problems: [404, 409, 422, 503],
  handle: (call) => triaged(call, call.body),
});

/** What gates said, what branches could do, what got worse. */
export const gateRoutes: readonly Route[] = [
  verdicts,
  verdict,
  baselines,
  baseline,
  save,
  regressions,
  regression,
  take,
  triage,
];
