import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { runOutcomes } from "../../events/event-fields.ts";
import { storedEventSchema } from "../../events/event.ts";
import { inBackground } from "../background.ts";
import { runEvents } from "../run-events.ts";
import { jsonValue, pageOf, pageQuery, shownPage } from "../input.ts";
import { trajectoryOf } from "../../engine/trajectory.ts";
import { otlpOf, traceOf } from "../../engine/traces.ts";
import { defineRoute, defineStream, defineText, type Route } from "../route.ts";
import { runRequest, taskOf, workspaceOf } from "../run-request.ts";
import {
  agentName,
  askFields,
  runParams,
  runSchema,
  runView,
  trajectorySchema,
  workFields,
} from "../runs-view.ts";

const tag = "runs";

const newRunSchema = z.strictObject({
  task: z.string().min(1).max(200_000).exactOptional().describe("what is to be done, in words"),
  inputs: z
    .record(z.string(), jsonValue)
    .exactOptional()
    .describe("what the agent's definition says that it takes, instead of `task`"),
  agent: agentName.exactOptional().describe("name or name@version; the settings' by default"),
  ...askFields,
  ...workFields,
});

const list = defineRoute({
  name: "listRuns",
  method: "GET",
  path: "/v1/runs",
  tag,
  scope: "runs:read",
  effect: "read",
  summary: "List runs, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    state: z
      .enum(["running", "parked", "finished"])
      .exactOptional()
      .describe("only those that stand so; `running` has those that are queued too"),
    outcome: z.enum(runOutcomes).exactOptional().describe("only those that ended so"),
    text: z
      .string()
      .min(1)
      .max(200)
      .exactOptional()
      .describe("only those with this in their id, task, agent or model"),
    since: z.coerce
      .number()
      .int()
      .nonnegative()
      .max(8.64e15)
      .exactOptional()
      .describe("begun then or later; milliseconds since the Unix epoch"),
  }),
  answer: { status: 200, schema: pageOf(runSchema) },
  handle: ({ engine: { store, runs }, query }) => {
    const page = store.runs.list(query);
    return shownPage(page, (run) => runView(run, runs));
  },
});

const start = defineRoute({
  name: "startRun",
  method: "POST",
  path: "/v1/runs",
  tag,
  scope: "runs:write",
  effect: "write",
  summary: "Start a run",
  description: "It is written down at once and worked on in the background; follow its events.",
  body: newRunSchema,
  answer: { status: 201, schema: runSchema },
  problems: [404, 422],
  location: ({ id }) => `/v1/runs/${id}`,
  handle: async (call) => {
    const { engine, body } = call;
    const workspace = workspaceOf(body, call);
    const id = await engine.runs.create({
      ...runRequest(body, taskOf(body, workspace), call),
      queued: true,
    });
    return runView(engine.store.runs.find(id), engine.runs);
  },
});

const show = defineRoute({
  name: "showRun",
  method: "GET",
  path: "/v1/runs/{id}",
  tag,
  scope: "runs:read",
  effect: "read",
  summary: "Look at a run",
  params: runParams,
  answer: { status: 200, schema: runSchema },
  problems: [404, 409],
  handle: ({ engine: { store, runs }, params }) => runView(store.runs.find(params.id), runs),
});

/** An event as it stands in the log: the same that everything else is told of a run. */
const eventSchema = storedEventSchema.meta({ id: "RunEvent" });

const events = defineStream({
  name: "followRun",
  method: "GET",
  path: "/v1/runs/{id}/events",
  tag,
  scope: "runs:read",
  effect: "read",
  summary: "Follow a run's events",
  description:
    "Server-sent events, from the beginning or after the place in `after` or `Last-Event-ID`. The id of each is its `seq`, which has no gaps. The stream ends with the run; after its last event the answer is 204.",
  params: runParams,
  query: z.strictObject({
    after: z.coerce.number().int().min(0).exactOptional().describe("seq of the last event known"),
  }),
  answer: { stream: eventSchema },
  problems: [404, 409],
  open: (call) => runEvents(call.params.id, placeOf(call), call),
});

/** @throws Agent33Error `api.invalid_request` */
function placeOf(call: {
  readonly query: { readonly after?: number };
  header(name: string): string | undefined;
}): number {
  const known = call.header("last-event-id");
  if (known === undefined) return call.query.after ?? 0;
  if (/^\d{1,15}$/.test(known)) return Number(known);
  throw new Agent33Error("api.invalid_request", "Last-Event-ID is no place in a run's events.", {
    hint: "Send the id of the last event that came, unchanged, or none.",
  });
}

const steer = defineRoute({
  name: "sendMessage",
  method: "POST",
  path: "/v1/runs/{id}/messages",
  tag,
  scope: "runs:write",
  effect: "write",
  summary: "Say something to a run's agent",
  description:
    "`steering` is heard after the step that the agent is at, `follow_up` when it would stop. The same key twice is one message.",
  params: runParams,
  body: z.strictObject({
    text: z.string().min(1).max(100_000),
    topic: z.enum(["steering", "follow_up"]).default("steering"),
    key: z.string().min(1).max(200).exactOptional(),
  }),
  answer: {
    status: 202,
    schema: z.strictObject({
      runId: z.string(),
      key: z.string(),
      fate: z.enum(["waiting", "kept", "read", "undelivered"]),
    }),
  },
  problems: [404, 409, 422],
  handle: ({ engine: { runs }, params, body }) => {
    const sent = runs.send(params.id, body.text, body.topic, body.key);
    return { ...sent, fate: runs.fateOf(sent) };
  },
});

const cancel = defineRoute({
  name: "cancelRun",
  method: "POST",
  path: "/v1/runs/{id}/cancel",
  tag,
  scope: "runs:write",
  effect: "write",
  summary: "Ask a run to stop",
  description: "It stops at its next step; one that nobody works on is cancelled at once.",
  params: runParams,
  answer: { status: 202, schema: runSchema },
  problems: [404, 409],
  handle: ({ engine: { store, runs }, params }) => {
    const { id } = store.runs.find(params.id);
    runs.cancel(id);
    return runView(store.runs.find(id), runs);
  },
});

const resume = defineRoute({
  name: "resumeRun",
  method: "POST",
  path: "/v1/runs/{id}/resume",
  tag,
  scope: "runs:write",
  effect: "write",
  summary: "Take a run up again",
  description: "For one that is parked or was interrupted. It goes on in the background.",
  params: runParams,
  answer: { status: 202, schema: runSchema },
  problems: [404, 409],
  handle: (call) => {
    const { store, runs } = call.engine;
    const { id } = store.runs.find(call.params.id);
    inBackground(runs.resume(id), `run ${id} was not taken up`, call);
    return runView(store.runs.find(id), runs);
  },
});

const replay = defineRoute({
  name: "replayRun",
  method: "POST",
  path: "/v1/runs/{id}/replay",
  tag,
  scope: "runs:write",
  effect: "write",
  summary: "Replay a run",
  description:
    "Makes a run that plays what models and people said again, and makes the calls anew. Its report is under `/v1/runs/{id}/report` of the new run.",
  params: runParams,
  body: z.strictObject({
    live: z.boolean().default(false).describe("whether calls that leave the scratch copy are made"),
  }),
  answer: { status: 201, schema: runSchema },
  problems: [404, 409, 422],
  location: ({ id }) => `/v1/runs/${id}`,
  handle: async (call) => {
    const { store, runs } = call.engine;
    const id = await runs.createReplay(call.params.id, call.body);
    inBackground(runs.drive(id), `replay ${id} was not played`, call);
    return runView(store.runs.find(id), runs);
  },
});

const report = defineRoute({
  name: "showReplayReport",
  method: "GET",
  path: "/v1/runs/{id}/report",
  tag,
  scope: "runs:read",
  effect: "read",
  summary: "Look at what a replay found so far",
  params: runParams,
  answer: { status: 200, schema: z.looseObject({}).meta({ id: "ReplayReport" }) },
  problems: [404, 409, 422],
  handle: ({ engine: { runs }, params }) => ({ ...runs.report(params.id) }),
});

const handoff = defineRoute({
  name: "showHandoff",
  method: "GET",
  path: "/v1/runs/{id}/handoff",
  tag,
  scope: "runs:read",
  effect: "read",
  summary: "Look at what a run leaves to whoever goes on with its work",
  params: runParams,
  answer: { status: 200, schema: z.looseObject({}).meta({ id: "Handoff" }) },
  problems: [404, 409],
  handle: async ({ engine: { runs }, params }) => ({ ...(await runs.handoff(params.id)) }),
});

const trace = defineText({
  name: "showRunTrace",
  method: "GET",
  path: "/v1/runs/{id}/trace",
  tag,
  scope: "runs:read",
  effect: "read",
  summary: "Look at a run's log as a trace",
  description:
    "As a collector takes it: an export request of the OpenTelemetry protocol in JSON. Of a run that goes on it has what is over.",
  params: runParams,
  answer: {
    forms: {
      "application/json": z
        .looseObject({ resourceSpans: z.array(z.looseObject({})) })
        .meta({ id: "OtlpTrace" }),
    },
  },
  problems: [404, 409],
  handle: async ({ engine: { store }, params }) => ({
    contentType: "application/json",
    text: await otlpOf(traceOf(store.runLog.read(store.runs.find(params.id).id))),
  }),
});

const trajectory = defineText({
  name: "showRunTrajectory",
  method: "GET",
  path: "/v1/runs/{id}/trajectory",
  tag,
  scope: "runs:read",
  effect: "read",
  summary: "Look at a run's log as a trajectory (ATIF v1.7)",
  params: runParams,
  answer: { forms: { "application/json": trajectorySchema } },
  problems: [404, 409, 422],
  handle: ({ engine: { store }, params }) => {
    const log = store.runLog.read(store.runs.find(params.id).id);
    return { contentType: "application/json", text: JSON.stringify(trajectoryOf(log)) };
  },
});

/** Runs: what agents do, and what people say to them. */
export const runRoutes: readonly Route[] = [
  list,
  start,
  show,
  events,
  steer,
  cancel,
  resume,
  replay,
  report,
  handoff,
  trace,
  trajectory,
];
