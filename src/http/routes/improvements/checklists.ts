import { z } from "zod";
import { newChecklistSchema } from "../../../learning/checklist.ts";
import { checklistPeriods } from "../../../learning/checklist-items.ts";
import { wordOf } from "../../../learning/fields.ts";
import { evaluateChecklist } from "../../../learning/checklist.ts";
import { storableText } from "../../../learning/text.ts";
import { checklistSchema, ownView, recordParams } from "../../improvements-view.ts";
import { pageOf, pageQuery, shownPage } from "../../input.ts";
import { defineRoute, type Route } from "../../route.ts";

const tag = "improvements";
const place = "/v1/improvements/checklists";
const item = storableText(1, 200).describe("the item's id: CI-01");

const create = defineRoute({
  name: "beginChecklist",
  method: "POST",
  path: place,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Begin a checklist",
  description: "There is one for each period and reference; the problem names the one there is.",
  body: newChecklistSchema,
  answer: { status: 201, schema: checklistSchema },
  problems: [409, 422],
  location: ({ id }) => `${place}/${id}`,
  handle: async ({ engine, body }) => {
    const rows = await engine.learning.rows();
    return ownView(await rows.checklists.create(body));
  },
});

const list = defineRoute({
  name: "listChecklists",
  method: "GET",
  path: place,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "List checklists, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    period: wordOf(checklistPeriods).exactOptional(),
    state: wordOf(["open", "complete"]).exactOptional(),
  }),
  answer: { status: 200, schema: pageOf(checklistSchema) },
  handle: async ({ engine, query }) => {
    const rows = await engine.learning.rows();
    return shownPage(await rows.checklists.list(query), ownView);
  },
});

const show = defineRoute({
  name: "showChecklist",
  method: "GET",
  path: `${place}/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "Look at a checklist, item by item",
  params: recordParams,
  answer: { status: 200, schema: checklistSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => {
    const rows = await engine.learning.rows();
    return ownView(await rows.checklists.find(params.id));
  },
});

const evaluate = defineRoute({
  name: "evaluateChecklist",
  method: "GET",
  path: `${place}/{id}/evaluate`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "See what is left to do of a checklist",
  params: recordParams,
  answer: {
    status: 200,
    schema: z
      .strictObject({
        complete: z.boolean(),
        incomplete: z.array(z.string()).readonly().describe("ids of the items that are open"),
      })
      .meta({ id: "ChecklistEvaluation" }),
  },
  problems: [404, 409],
  handle: async ({ engine, params }) => {
    const rows = await engine.learning.rows();
    return { ...evaluateChecklist(await rows.checklists.find(params.id)) };
  },
});

const complete = defineRoute({
  name: "completeItem",
  method: "POST",
  path: `${place}/{id}/complete`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Tick an item off",
  description: "One that is done keeps who did it first.",
  params: recordParams,
  body: z.strictObject({
    item,
    notes: storableText(0, 5000).default("").describe("what was found"),
  }),
  answer: { status: 200, schema: checklistSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, caller, params, body }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.checklists.find(params.id);
    return ownView(await rows.checklists.complete(id, body.item, caller.user, body.notes));
  },
});

const reopen = defineRoute({
  name: "reopenItem",
  method: "POST",
  path: `${place}/{id}/reopen`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Take a tick back",
  params: recordParams,
  body: z.strictObject({ item }),
  answer: { status: 200, schema: checklistSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, params, body }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.checklists.find(params.id);
    return ownView(await rows.checklists.reopen(id, body.item));
  },
});

/** Checklists: what is gone through with each release, month and quarter. */
export const checklistRoutes: readonly Route[] = [create, list, show, evaluate, complete, reopen];
