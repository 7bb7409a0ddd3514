import { z } from "zod";
import type { AlertSilence } from "../../engine.ts";
import { actorOf, reachOf, silenceSchema } from "../alerts-view.ts";
import { moment, pageOf, pageQuery, shownPage } from "../input.ts";
import { defineRoute, type Route } from "../route.ts";

const tag = "alerts";
const params = z.strictObject({
  id: z.string().min(1).max(100).describe("the silence's id, or its beginning"),
});
const word = z.string().min(1).max(200);

/** A silence as the API shows it. */
export function silenceView({ aboutTenant, matchers, ...rest }: AlertSilence) {
  return { ...rest, tenant: aboutTenant, matchers: { ...matchers } };
}

const list = defineRoute({
  name: "listAlertSilences",
  method: "GET",
  path: "/v1/alerts/silences",
  tag,
  scope: "alerts:read",
  effect: "read",
  summary: "List silences, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    endsAfter: z.coerce
      .number()
      .int()
      .nonnegative()
      .max(8.64e15)
      .exactOptional()
      .describe("that hold longer; milliseconds since the Unix epoch"),
  }),
  answer: { status: 200, schema: pageOf(silenceSchema) },
  handle: (call) =>
    shownPage(call.engines.own.alerts.silences({ ...call.query, ...reachOf(call) }), silenceView),
});

const create = defineRoute({
  name: "createAlertSilence",
  method: "POST",
  path: "/v1/alerts/silences",
  tag,
  scope: "alerts:write",
  effect: "write",
  summary: "Tell nobody of some alerts for a time",
  body: z.strictObject({
    matchers: z
      .record(z.string().min(1).max(100), word)
      .refine((all) => {
        const count = Object.keys(all).length;
        return count > 0 && count <= 20;
      }, "Give one to twenty labels")
      .describe("label to value, all have to be equal; rule, owner and severity count as labels"),
    reason: z.string().min(1).max(1_000),
    startsAt: moment.exactOptional().describe("now by default"),
    endsAt: moment,
  }),
  answer: { status: 201, schema: silenceSchema },
  location: ({ id }) => `/v1/alerts/silences/${id}`,
  problems: [422],
  handle: (call) =>
    silenceView(call.engines.own.alerts.silence(call.body, actorOf(call), reachOf(call))),
});

const show = defineRoute({
  name: "showAlertSilence",
  method: "GET",
  path: "/v1/alerts/silences/{id}",
  tag,
  scope: "alerts:read",
  effect: "read",
  summary: "Look at a silence",
  params,
  answer: { status: 200, schema: silenceSchema },
  problems: [404, 409],
  handle: (call) => silenceView(call.engines.own.alerts.showSilence(call.params.id, reachOf(call))),
});

const end = defineRoute({
  name: "endAlertSilence",
  method: "DELETE",
  path: "/v1/alerts/silences/{id}",
  tag,
  scope: "alerts:write",
  effect: "write",
  summary: "End a silence now",
  params,
  answer: { status: 200, schema: silenceSchema },
  problems: [404, 409],
  handle: (call) =>
    silenceView(call.engines.own.alerts.unsilence(call.params.id, actorOf(call), reachOf(call))),
});

/** Silences: what of alerts is not told for a time. */
export const alertSilenceRoutes: readonly Route[] = [list, create, show, end];
