import { z } from "zod";
import { textsSchema, wordOf } from "../../../learning/fields.ts";
import { newRefreshSchema, refreshScopes, refreshStates } from "../../../learning/refresh.ts";
import { storableText } from "../../../learning/text.ts";
import { keyOf, madeOnce, ownView, recordParams, refreshSchema } from "../../improvements-view.ts";
import { pageOf, pageQuery, shownPage } from "../../input.ts";
import { defineRoute, type Route } from "../../route.ts";

const tag = "improvements";
const place = "/v1/improvements/refreshes";

const create = defineRoute({
  name: "planRefresh",
  method: "POST",
  path: place,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Plan a look at the roadmap in the light of what was learned",
  description: madeOnce,
  body: newRefreshSchema,
  answer: { status: 201, schema: refreshSchema },
  problems: [409, 422],
  location: ({ id }) => `${place}/${id}`,
  handle: async (call) => {
    const rows = await call.engine.learning.rows();
    return ownView(await rows.refreshes.create(call.body, { key: keyOf(call) }));
  },
});

const list = defineRoute({
  name: "listRefreshes",
  method: "GET",
  path: place,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "List refreshes of the roadmap, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    scope: wordOf(refreshScopes).exactOptional(),
    state: wordOf(refreshStates).exactOptional(),
  }),
  answer: { status: 200, schema: pageOf(refreshSchema) },
  handle: async ({ engine, query }) => {
    const rows = await engine.learning.rows();
    return shownPage(await rows.refreshes.list(query), ownView);
  },
});

const show = defineRoute({
  name: "showRefresh",
  method: "GET",
  path: `${place}/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "Look at a refresh and what came of it",
  params: recordParams,
  answer: { status: 200, schema: refreshSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => {
    const rows = await engine.learning.rows();
    return ownView(await rows.refreshes.find(params.id));
  },
});

const complete = defineRoute({
  name: "completeRefresh",
  method: "POST",
  path: `${place}/{id}/complete`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Note what came of a refresh",
  params: recordParams,
  body: z.strictObject({
    outcome: storableText(1, 10_000).describe("what was decided"),
    changes: textsSchema(500, 2000).default([]).describe("what changed on the roadmap"),
  }),
  answer: { status: 200, schema: refreshSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, caller, params, body }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.refreshes.find(params.id);
    return ownView(await rows.refreshes.complete(id, body.outcome, body.changes, caller.user));
  },
});

/** Refreshes: looks at the roadmap in the light of what was learned. */
export const refreshRoutes: readonly Route[] = [create, list, show, complete];
