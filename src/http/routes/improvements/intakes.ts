import { z } from "zod";
import { idsSchema, textsSchema, wordOf } from "../../../learning/fields.ts";
import {
  intakeUpdateSchema,
  newIntakeSchema,
  researchTypes,
  urgencies,
} from "../../../learning/intake.ts";
import { intakeStates } from "../../../learning/intake-state.ts";
import { storableText } from "../../../learning/text.ts";
import {
  analysisField,
  intakeSchema,
  keyOf,
  madeOnce,
  ownView,
  recordParams,
} from "../../improvements-view.ts";
import { pageOf, pageQuery, shownPage } from "../../input.ts";
import { defineRoute, type Route } from "../../route.ts";

const tag = "improvements";
const place = "/v1/improvements/intakes";
const state = wordOf(intakeStates);

const create = defineRoute({
  name: "submitIntake",
  method: "POST",
  path: place,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Submit something to look into and decide on",
  description: madeOnce,
  body: newIntakeSchema.omit({ submittedBy: true }).extend({
    analysis: analysisField.default({}),
    signalIds: idsSchema(100).default([]).describe("signals that it is about"),
  }),
  answer: { status: 201, schema: intakeSchema },
  problems: [404, 409, 422],
  location: ({ id }) => `${place}/${id}`,
  handle: async (call) => {
    const { signalIds, ...intake } = call.body;
    const rows = await call.engine.learning.rows();
    const made = { ...intake, submittedBy: call.caller.user };
    return ownView(await rows.intakes.create(made, { signalIds, key: keyOf(call) }));
  },
});

const list = defineRoute({
  name: "listIntakes",
  method: "GET",
  path: place,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "List intakes, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    state: state.exactOptional(),
    urgency: wordOf(urgencies).exactOptional(),
    researchType: wordOf(researchTypes).exactOptional(),
    automatic: z
      .enum(["true", "false"])
      .transform((word) => word === "true")
      .exactOptional()
      .describe("whether the rules made it of a signal"),
  }),
  answer: { status: 200, schema: pageOf(intakeSchema) },
  handle: async ({ engine, query }) => {
    const rows = await engine.learning.rows();
    return shownPage(await rows.intakes.list(query), ownView);
  },
});

const show = defineRoute({
  name: "showIntake",
  method: "GET",
  path: `${place}/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "Look at an intake, its signals and its history",
  params: recordParams,
  answer: { status: 200, schema: intakeSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => {
    const rows = await engine.learning.rows();
    return ownView(await rows.intakes.find(params.id));
  },
});

const transition = defineRoute({
  name: "moveIntake",
  method: "POST",
  path: `${place}/{id}/transition`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Take an intake to its next state",
  description: "Who decided, when and why is kept. The problem names the states that it can take.",
  params: recordParams,
  body: z.strictObject({
    state,
    rationale: storableText(0, 5000).exactOptional().describe("why, for those who ask later"),
    actionItems: textsSchema(100, 2000).exactOptional().describe("what is to be done"),
  }),
  answer: { status: 200, schema: intakeSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, caller, params, body: { state: to, ...decision } }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.intakes.find(params.id);
    return ownView(await rows.intakes.transition(id, to, caller.user, decision));
  },
});

const update = defineRoute({
  name: "updateIntake",
  method: "PATCH",
  path: `${place}/{id}`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Note what was found out about an intake, and what became of it",
  description:
    "An analysis takes the place of the one before; of the tracking, only what is given changes.",
  params: recordParams,
  body: intakeUpdateSchema
    .extend({ analysis: analysisField.exactOptional() })
    .refine((given) => Object.keys(given).length > 0, {
      error: "Give analysis, tracking, or both",
    }),
  answer: { status: 200, schema: intakeSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, params, body }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.intakes.find(params.id);
    return ownView(await rows.intakes.update(id, body));
  },
});

/** Intakes: what is to be looked into and decided on. */
export const intakeRoutes: readonly Route[] = [create, list, show, transition, update];
