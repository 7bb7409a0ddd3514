import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { inBackground } from "../background.ts";
import { runEvents } from "../run-events.ts";
import { jsonValue, moment, pageOf, pageQuery, shownPage } from "../input.ts";
import { defineRoute, defineStream, type Route } from "../route.ts";
import { runRequest, workspaceOf } from "../run-request.ts";
import { agentName, askFields, runParams, runSchema, runView, workFields } from "../runs-view.ts";

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
  query: pageQuery,
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

/** @throws Agent33Error `api.invalid_request` unless there is exactly one of both */
function taskOf(
  { task, inputs }: z.output<typeof newRunSchema>,
  workspace: string | undefined,
): Parameters<typeof runRequest>[1] {
  if (task !== undefined && inputs === undefined) return { kind: "text", text: task, workspace };
  if (inputs !== undefined && task === undefined) return { kind: "inputs", inputs, workspace };
  throw new Agent33Error("api.invalid_request", "The body has both task and inputs, or neither.", {
    hint: "Give `task` in words, or `inputs` as the agent's definition says.",
  });
}

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

const eventSchema = z
  .looseObject({
    type: z.string(),
    runId: z.string(),
    seq: z.int().positive().exactOptional(),
    at: moment,
  })
  .meta({ id: "RunEvent" });

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
];
