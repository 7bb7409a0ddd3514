import { z } from "zod";
import { toAgent33Error } from "../../../base/errors.ts";
import {
  newSignalSchema,
  severitySchema,
  signalStateSchema,
  signalTypeSchema,
} from "../../../learning/signal.ts";
import { storableText } from "../../../learning/text.ts";
import { keyOf, ownView, recordParams, signalSchema } from "../../improvements-view.ts";
import { checked, pageOf, pageQuery, shownPage, timeQuery } from "../../input.ts";
import { problemOf, problemSchema } from "../../problem.ts";
import { defineRoute, type Route, type RouteContext } from "../../route.ts";

const tag = "improvements";
const place = "/v1/improvements/learning";

const signalBody = newSignalSchema.extend({
  source: newSignalSchema.shape.source.unwrap().exactOptional(),
  run: z
    .string()
    .min(1)
    .max(100)
    .exactOptional()
    .describe("the run that it is about: its id, or the id's beginning"),
});

const recordedSchema = z
  .strictObject({
    signal: signalSchema,
    outcome: z
      .enum(["recorded", "repeated", "known"])
      .describe("`repeated` adds to one that was seen before; `known` is a key that was"),
    intakeId: z.string().nullable().describe("the intake that it has"),
  })
  .meta({ id: "RecordedSignal" });

/** Records one signal in the caller's name. @throws Agent33Error `learning.*`, `store.*` */
async function recordOne(
  { engine, caller }: Pick<RouteContext, "engine" | "caller">,
  { run, ...signal }: z.output<typeof signalBody>,
  key?: string,
): Promise<z.input<typeof recordedSchema>> {
  const about = run === undefined ? {} : factsOfRun(engine.store.runs.find(run));
  const recorded = await engine.learning.record({
    source: `user:${caller.user}`.slice(0, 200),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...signal,
    context: { ...about, ...signal.context },
  });
  return { ...recorded, signal: ownView(recorded.signal) };
}

/** What ties a signal to a run, under the names that a run's own signals have. */
function factsOfRun(run: { readonly id: string; readonly agent: string; readonly model: string }) {
  return { run: run.id, agent: run.agent, model: run.model };
}

const record = defineRoute({
  name: "recordSignal",
  method: "POST",
  path: `${place}/signals`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Record something that was seen",
  description:
    "A signal like one that was seen a short while ago counts to that one, and one with a key that was used before changes nothing: `outcome` says so. Grave ones get an intake at once, as `learning.automaticIntakes` says.",
  body: signalBody,
  answer: { status: 201, schema: recordedSchema },
  problems: [404, 409, 422],
  location: ({ signal }) => `${place}/signals/${signal.id}`,
  handle: (call) => recordOne(call, call.body, keyOf(call)),
});

/** A problem that is part of an answer: of no request of its own. */
const problemPart = problemSchema.omit({ type: true, title: true, instance: true });

function problemIn(thrown: unknown, { warn }: RouteContext["host"]): z.input<typeof problemPart> {
  const error = toAgent33Error(thrown);
  const { type: _type, title: _title, instance: _instance, ...problem } = problemOf(error, "");
  // What is told of it says nothing then.
  if (problem.status === 500) warn(`serve: a signal: ${error.code}: ${error.message}`);
  return problem;
}

const batchSchema = z.strictObject({
  items: z.array(
    z.union([
      z.strictObject({
        index: z.int().nonnegative(),
        outcome: recordedSchema.shape.outcome,
        signalId: z.string(),
        intakeId: z.string().nullable(),
      }),
      z.strictObject({ index: z.int().nonnegative(), problem: problemPart }),
    ]),
  ),
});

const recordMany = defineRoute({
  name: "recordSignals",
  method: "POST",
  path: `${place}/signals/batch`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Record many signals, each judged alone",
  description:
    "What came of each is in `items`, in their order. With an `idempotencyKey` a signal may be handed over again.",
  body: z.strictObject({
    signals: z
      .array(z.looseObject({}))
      .min(1)
      .max(500)
      .describe("each as in `POST /v1/improvements/learning/signals`"),
  }),
  answer: { status: 200, schema: batchSchema },
  handle: async (call) => {
    const { host, body } = call;
    const done = await Promise.allSettled(
      body.signals.map(async (one, index) =>
        recordOne(call, checked(signalBody, one, `body.signals.${index}`)),
      ),
    );
    return {
      items: done.map((result, index) => {
        if (result.status === "rejected") return { index, problem: problemIn(result.reason, host) };
        const { outcome, signal, intakeId } = result.value;
        return { index, outcome, signalId: signal.id, intakeId };
      }),
    };
  },
});

const list = defineRoute({
  name: "listSignals",
  method: "GET",
  path: `${place}/signals`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "List signals, newest first",
  description:
    "What runs have taught since somebody last looked is read with `POST /v1/improvements/learning/catch-up`.",
  query: z.strictObject({
    ...pageQuery.shape,
    type: signalTypeSchema.exactOptional(),
    severity: severitySchema.exactOptional(),
    state: signalStateSchema.exactOptional(),
    source: storableText(0, 200).exactOptional().describe("in full"),
    since: timeQuery.describe("recorded then or later; milliseconds since the Unix epoch"),
    until: timeQuery.describe("recorded before"),
  }),
  answer: { status: 200, schema: pageOf(signalSchema) },
  handle: async ({ engine, query }) => {
    const rows = await engine.learning.rows();
    return shownPage(await rows.signals.list(query), ownView);
  },
});

const show = defineRoute({
  name: "showSignal",
  method: "GET",
  path: `${place}/signals/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "Look at a signal",
  params: recordParams,
  answer: { status: 200, schema: signalSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => {
    const rows = await engine.learning.rows();
    return ownView(await rows.signals.find(params.id));
  },
});

const transition = defineRoute({
  name: "moveSignal",
  method: "POST",
  path: `${place}/signals/{id}/transition`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Say what becomes of a signal",
  description: "What was closed can be opened again. Who did it and why is kept.",
  params: recordParams,
  body: z.strictObject({
    state: signalStateSchema,
    reason: storableText(1, 2000).describe("why, for those who ask later"),
  }),
  answer: { status: 200, schema: signalSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, caller, params, body }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.signals.find(params.id);
    return ownView(await rows.signals.transition(id, body.state, caller.user, body.reason));
  },
});

/** Signals: what was seen and may be worth learning from. */
export const signalRoutes: readonly Route[] = [record, recordMany, list, show, transition];
