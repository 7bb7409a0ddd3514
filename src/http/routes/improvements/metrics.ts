import { z } from "zod";
import { type MetricDefinition, metricDefinitions } from "../../../learning/metric.ts";
import { newSnapshotSchema } from "../../../learning/metric-snapshot.ts";
import { storableText } from "../../../learning/text.ts";
import {
  keyOf,
  madeOnce,
  metricDefinitionSchema,
  ownView,
  recordParams,
  snapshotSchema,
} from "../../improvements-view.ts";
import { moment, pageOf, pageQuery, shownPage } from "../../input.ts";
import { defineRoute, type Route } from "../../route.ts";

const tag = "improvements";
const place = "/v1/improvements/metrics";
const metricParams = z.strictObject({
  id: storableText(1, 64).describe("the metric: IM-01, or one of your own"),
});

const latest = defineRoute({
  name: "showMetrics",
  method: "GET",
  path: place,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "Look at the newest snapshot of the metrics",
  answer: {
    status: 200,
    schema: z.strictObject({
      snapshot: snapshotSchema.nullable().describe("null before the first"),
    }),
  },
  handle: async ({ engine }) => {
    const rows = await engine.learning.rows();
    const newest = await rows.metrics.latest();
    return { snapshot: newest === undefined ? null : ownView(newest) };
  },
});

const list = defineRoute({
  name: "listSnapshots",
  method: "GET",
  path: `${place}/history`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "List snapshots of the metrics, newest first",
  query: z.strictObject({
    ...pageQuery.shape,
    period: storableText(1, 200).exactOptional().describe("only those of this period"),
  }),
  answer: { status: 200, schema: pageOf(snapshotSchema) },
  handle: async ({ engine, query }) => {
    const rows = await engine.learning.rows();
    return shownPage(await rows.metrics.list(query), ownView);
  },
});

const show = defineRoute({
  name: "showSnapshot",
  method: "GET",
  path: `${place}/history/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "Look at one snapshot",
  params: recordParams,
  answer: { status: 200, schema: snapshotSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => {
    const rows = await engine.learning.rows();
    return ownView(await rows.metrics.find(params.id));
  },
});

const definitions = defineRoute({
  name: "listMetricDefinitions",
  method: "GET",
  path: `${place}/definitions`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "See what each metric means",
  description: "Those built in, and those of the newest snapshot.",
  answer: { status: 200, schema: z.strictObject({ items: z.array(metricDefinitionSchema) }) },
  handle: async ({ engine }) => {
    const rows = await engine.learning.rows();
    const known = new Map<string, MetricDefinition>(metricDefinitions.map((one) => [one.id, one]));
    for (const { id, name, unit, polarity, target } of (await rows.metrics.latest())?.metrics ??
      []) {
      known.set(id, { id, name, unit, polarity, target });
    }
    return { items: [...known.values()].map((one) => ({ ...one })) };
  },
});

const take = defineRoute({
  name: "takeSnapshot",
  method: "POST",
  path: `${place}/snapshot`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Note what metrics stand at",
  description: `The first value of a metric of your own declares it, with its unit and polarity. ${madeOnce}`,
  body: newSnapshotSchema,
  answer: { status: 201, schema: snapshotSchema },
  problems: [409, 422],
  location: ({ id }) => `${place}/history/${id}`,
  handle: async (call) => {
    const rows = await call.engine.learning.rows();
    return ownView(await rows.metrics.snapshot(call.body, { key: keyOf(call) }));
  },
});

const values = defineRoute({
  name: "listMetricValues",
  method: "GET",
  path: `${place}/values/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "List the values of a metric, newest first",
  params: metricParams,
  query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(50) }),
  answer: {
    status: 200,
    schema: z.strictObject({
      metric: z.string(),
      items: z.array(
        z.strictObject({
          snapshotId: z.string(),
          period: z.string(),
          takenAt: moment,
          value: z.number(),
        }),
      ),
    }),
  },
  problems: [404],
  handle: async ({ engine, params, query }) => {
    const rows = await engine.learning.rows();
    const items = await rows.metrics.history(params.id, query.limit);
    return { metric: params.id, items: [...items] };
  },
});

const trend = defineRoute({
  name: "showTrend",
  method: "GET",
  path: `${place}/trend/{id}`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "See whether a metric improves",
  description:
    "The mean of the older half of its last values against that of the newer half; which way is better is the metric's polarity.",
  params: metricParams,
  query: z.strictObject({
    periods: z.coerce.number().int().min(1).max(1000).default(6).describe("how many values"),
  }),
  answer: {
    status: 200,
    schema: z
      .strictObject({
        metric: metricDefinitionSchema,
        periods: z.int(),
        values: z.array(z.number()).readonly().describe("oldest first"),
        direction: z.enum(["improving", "declining", "stable", "insufficient"]),
        firstMean: z.number().nullable(),
        secondMean: z.number().nullable(),
        change: z.number().nullable().describe("as a share of the first mean"),
      })
      .meta({ id: "MetricTrend" }),
  },
  problems: [404],
  handle: async ({ engine, params, query }) => {
    const rows = await engine.learning.rows();
    return { ...(await rows.metrics.trend(params.id, query.periods)) };
  },
});

/** What the metrics of improvement stood at, time after time. */
export const metricRoutes: readonly Route[] = [
  latest,
  list,
  definitions,
  show,
  take,
  values,
  trend,
];
