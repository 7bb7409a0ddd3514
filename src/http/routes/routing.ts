import { z } from "zod";
import { efforts } from "../../base/effect.ts";
import { runModes, runOutcomes } from "../../events/event-fields.ts";
import type { Engine } from "../../engine.ts";
import { errorData, errorOrNull } from "../checks-view.ts";
import { jsonValue, moment, pageOf, pageQuery, shownPage, timeQuery } from "../input.ts";
import { shownAs } from "../placeless.ts";
import { defineRoute, type Route } from "../route.ts";
import { taskOf } from "../run-request.ts";
import { agentName, modelName } from "../runs-view.ts";

const tag = "routing";
const amount = z.number().nonnegative();
const spread = z.strictObject({ p50: amount, p90: amount });

const estimateSchema = z
  .strictObject({
    tokens: spread,
    costMicroUsd: spread.nullable().describe("null where the model has no known price"),
    basis: z.enum(["history", "prior"]).describe("`prior`: assumed, too few earlier runs"),
    runs: z.int().nonnegative().describe("earlier runs of the same agent, tier and model"),
  })
  .meta({ id: "RunEstimate" });

const why = {
  tier: z.enum(efforts),
  source: z
    .string()
    .describe("who decided: request, tenant_domain, tenant, domain, agent, classifier, default"),
  modelSource: z.enum(["request", "task", "tier", "settings"]).nullable(),
  domain: z.string().nullable(),
  reasons: z.array(z.string()).readonly(),
  confidence: z.number().nullable().describe("of the classifier; what was said needs none"),
  routed: z.boolean().describe("whether routing was on"),
};

const decisionSchema = z
  .strictObject({
    run: z.string(),
    at: moment,
    agent: z.string(),
    model: z.string(),
    ...why,
    attempt: z.int().positive().describe("above 1: made again one tier up"),
    after: z.string().nullable().describe("the attempt before, which is a run of its own"),
    replayOf: z.string().nullable(),
    estimate: estimateSchema.nullable(),
    outcome: z.string().nullable().describe("null while the run goes on"),
    actual: z
      .strictObject({
        outcome: z.enum(runOutcomes),
        tokens: z.int().nonnegative(),
        costMicroUsd: z.int().nonnegative(),
        unpricedCalls: z.int().nonnegative(),
        durationMs: amount,
      })
      .nullable()
      .describe("what the run used; null while it goes on or waits"),
  })
  .meta({ id: "RoutingDecision" });

type Routed = Awaited<ReturnType<Engine["store"]["routedRuns"]["list"]>>["items"][number];

function decisionView({ id, outcome, started, finished }: Routed): z.input<typeof decisionSchema> {
  const { at, agent, model, effort, effortSource, routing, attempt, replayOf } = started;
  const totals = finished?.totals;
  return {
    run: id,
    at,
    agent,
    model,
    tier: effort,
    source: effortSource,
    modelSource: routing?.modelSource ?? null,
    domain: routing?.domain ?? null,
    reasons: routing?.reasons ?? [],
    confidence: routing?.confidence ?? null,
    routed: routing?.enabled ?? false,
    attempt: attempt?.number ?? 1,
    after: attempt?.after ?? null,
    replayOf: replayOf ?? null,
    estimate: routing?.estimate ?? null,
    outcome,
    actual:
      finished === null || totals === undefined
        ? null
        : {
            outcome: finished.outcome,
            tokens: totals.inputTokens + totals.outputTokens + totals.failedTokens,
            costMicroUsd: totals.costMicroUsd,
            unpricedCalls: totals.unpricedCalls,
            durationMs: totals.durationMs,
          },
  };
}

const word = z.string().min(1).max(500).exactOptional();

const decisions = defineRoute({
  name: "listDecisions",
  method: "GET",
  path: "/v1/routing/decisions",
  tag,
  scope: "routing:read",
  effect: "read",
  summary: "List what tier and model each run was given, why, and what it used, newest first",
  description:
    "With `source` a page may have fewer than `limit`, even none, and go on: `nextCursor` says so.",
  query: z.strictObject({
    ...pageQuery.shape,
    tier: z.enum(efforts).exactOptional(),
    source: word.describe("who decided"),
    model: word.describe("in full"),
    agent: word.describe("name@version"),
    since: timeQuery.describe("runs that began then or later; milliseconds since the Unix epoch"),
    until: timeQuery.describe("runs that began before"),
  }),
  answer: { status: 200, schema: pageOf(decisionSchema) },
  handle: ({ engine, query: { tier, ...filter } }) => {
    const page = engine.store.routedRuns.list({
      ...filter,
      ...(tier === undefined ? {} : { effort: tier }),
    });
    return shownPage(page, decisionView);
  },
});

const explanationSchema = z
  .strictObject({
    agent: z.string(),
    model: z.string().nullable().describe("null where nobody names one"),
    ...why,
    maxOutputTokens: z.int().positive().describe("of one turn"),
    limits: z.record(z.string(), z.number()).describe("of the whole run"),
    estimate: estimateSchema.nullable().describe("null where the model cannot be had"),
    problem: errorData.nullable().describe("why the model cannot be had"),
    notices: z.array(z.string()).readonly(),
  })
  .meta({ id: "RoutingExplanation" });

const explain = defineRoute({
  name: "explainRouting",
  method: "POST",
  path: "/v1/routing/explain",
  tag,
  scope: "routing:read",
  effect: "read",
  summary: "See what tier, model and limits a task would be given now, and what it may cost",
  description:
    "No run is made, no model is asked and nothing is paid. What a run would be refused for is refused here too.",
  body: z.strictObject({
    task: z.string().min(1).max(200_000).exactOptional().describe("what is to be done, in words"),
    inputs: z
      .record(z.string(), jsonValue)
      .exactOptional()
      .describe("what the agent's definition says that it takes, instead of `task`"),
    agent: agentName.exactOptional().describe("name or name@version; the settings' by default"),
    model: modelName.exactOptional().describe("provider:model"),
    effort: z.enum(efforts).exactOptional(),
    domain: z.string().min(1).max(100).exactOptional().describe("what the work is about"),
    mode: z.enum(runModes).default("iterative").describe("`once`: one turn, without tools"),
  }),
  answer: { status: 200, schema: explanationSchema },
  problems: [404, 422],
  handle: async ({ engine, host, body }) => {
    const { agent, model, effort, domain, mode } = body;
    const task = taskOf(body, undefined);
    const asked = { task, agent, model, effort, domain, mode };
    const { routing, effort: tier, problem, ...found } = await engine.explainRoute(asked);
    const { enabled, ...reasons } = routing;
    return shownAs(
      explanationSchema,
      {
        ...found,
        ...reasons,
        tier,
        routed: enabled,
        problem: errorOrNull(problem?.toJSON() ?? null),
      },
      host,
    );
  },
});

/** Routing: which tier and model runs were given, and would be. */
export const routingRoutes: readonly Route[] = [decisions, explain];
