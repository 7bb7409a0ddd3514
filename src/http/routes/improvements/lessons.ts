import { z } from "zod";
import { wordOf } from "../../../learning/fields.ts";
import {
  actionChangeSchema,
  lessonEventTypes,
  lessonStates,
  newLessonSchema,
} from "../../../learning/lesson.ts";
import { storableText } from "../../../learning/text.ts";
import { keyOf, lessonSchema, madeOnce, ownView, recordParams } from "../../improvements-view.ts";
import { pageOf, pageQuery, shownPage } from "../../input.ts";
import { defineRoute, type Route } from "../../route.ts";

const tag = "improvements";
const place = "/v1/improvements/lessons";

const create = defineRoute({
  name: "recordLesson",
  method: "POST",
  path: place,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Record what something that happened teaches",
  description: madeOnce,
  body: newLessonSchema.omit({ recordedBy: true }),
  answer: { status: 201, schema: lessonSchema },
  problems: [404, 409, 422],
  location: ({ id }) => `${place}/${id}`,
  handle: async (call) => {
    const rows = await call.engine.learning.rows();
    const lesson = { ...call.body, recordedBy: call.caller.user };
    return ownView(await rows.lessons.create(lesson, { key: keyOf(call) }));
  },
});

const list = defineRoute({
  name: "listLessons",
  method: "GET",
  path: place,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "List lessons, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    eventType: wordOf(lessonEventTypes).exactOptional(),
    state: wordOf(lessonStates).exactOptional(),
  }),
  answer: { status: 200, schema: pageOf(lessonSchema) },
  handle: async ({ engine, query }) => {
    const rows = await engine.learning.rows();
    return shownPage(await rows.lessons.list(query), ownView);
  },
});

const show = defineRoute({
  name: "showLesson",
  method: "GET",
  path: `${place}/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "Look at a lesson and its actions",
  params: recordParams,
  answer: { status: 200, schema: lessonSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => {
    const rows = await engine.learning.rows();
    return ownView(await rows.lessons.find(params.id));
  },
});

const action = defineRoute({
  name: "changeAction",
  method: "PATCH",
  path: `${place}/{id}/actions/{index}`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Say how far one of a lesson's actions is",
  description: "Null takes an owner or a day away.",
  params: z.strictObject({
    ...recordParams.shape,
    index: z.coerce.number().int().min(0).max(1000).describe("its place in the lesson, from 0"),
  }),
  body: actionChangeSchema.refine((given) => Object.keys(given).length > 0, {
    error: "Give state, owner or targetDate",
  }),
  answer: { status: 200, schema: lessonSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, params, body }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.lessons.find(params.id);
    return ownView(await rows.lessons.setAction(id, params.index, body));
  },
});

const verify = defineRoute({
  name: "verifyLesson",
  method: "POST",
  path: `${place}/{id}/verify`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Close a lesson whose actions are done or given up",
  params: recordParams,
  body: z.strictObject({ evidence: storableText(1, 5000).describe("what shows that it worked") }),
  answer: { status: 200, schema: lessonSchema },
  problems: [404, 409, 422],
  handle: async ({ engine, caller, params, body }) => {
    const rows = await engine.learning.rows();
    const { id } = await rows.lessons.find(params.id);
    return ownView(await rows.lessons.verify(id, body.evidence, caller.user));
  },
});

/** Lessons: what was learned, and what is done about it. */
export const lessonRoutes: readonly Route[] = [create, list, show, action, verify];
