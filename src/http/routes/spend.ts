import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { spendDimensions, spendSteps } from "../../engine.ts";
import { runsInstallation } from "../installation.ts";
import { moment, timeQuery } from "../input.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";

const tag = "spend";

const sums = {
  calls: z.int().nonnegative(),
  costMicroUsd: z
    .int()
    .nonnegative()
    .describe("of the calls that have a price; 1 USD is 1,000,000"),
  tokens: z.int().nonnegative(),
  unpricedCalls: z
    .int()
    .nonnegative()
    .describe("calls of models without a known price: their money is in no sum"),
};
const sumsSchema = z.strictObject(sums).meta({ id: "SpendSums" });
const series = z
  .array(z.strictObject({ start: moment, end: moment, ...sums }).meta({ id: "SpendPoint" }))
  .readonly()
  .exactOptional()
  .describe("steps in which there were calls, oldest first; the others are 0");
const value = z.string().nullable().exactOptional();

const spendSchema = z
  .strictObject({
    since: moment
      .nullable()
      .describe("where what is counted really begins; null: at the beginning"),
    until: moment.nullable().describe("and before when it ends; null: now"),
    hoursFrom: moment.describe(
      "from when on hours are told apart; before, what begins within a day is of the day",
    ),
    totals: sumsSchema,
    items: z
      .array(
        z
          .strictObject({
            group: z
              .strictObject({
                tenant: value,
                model: value,
                effort: value,
                outcome: value,
                connector: value,
              })
              .describe("null where a call has none: it was of no run, or asked no model"),
            ...sums,
            series,
          })
          .meta({ id: "SpendItem" }),
      )
      .readonly()
      .describe("those that cost most first"),
    others: z
      .strictObject({ groups: z.int().positive(), ...sums })
      .nullable()
      .describe("what the groups beyond the limit came to"),
    series,
  })
  .meta({ id: "Spend" });

const dimension = z.enum(spendDimensions);
const word = z.string().min(1).max(500).exactOptional();

const spend = defineRoute({
  name: "showSpend",
  method: "GET",
  path: "/v1/spend",
  tag,
  scope: "spend:read",
  effect: "read",
  summary: "See what calls cost, by whom, by what and over time",
  description:
    "From the same sums as the metrics, which are those of the audit: money in whole micro-USD, every call that is over. The tenant that runs the installation sees all tenants, every other one its own. What was changed over the API counts as calls, too, of the connector `api`. Moments count by whole hours, longer than two weeks ago by whole days (UTC).",
  query: z.strictObject({
    since: timeQuery.describe("calls that began then or later; milliseconds since the Unix epoch"),
    until: timeQuery.describe("calls that began before"),
    by: z
      .union([dimension.transform((one) => [one]), z.array(dimension).max(3)], {
        error: `Must be ${spendDimensions.join(", ")}; at most three of them`,
      })
      .default([])
      .describe("what calls are put together by; may be given again, three at most"),
    every: z.enum(spendSteps).exactOptional().describe("each group as a series of these, too"),
    tenant: word.describe("of this tenant only"),
    model: word.describe("of this model only: provider:model"),
    effort: word,
    outcome: word.describe("that ended so: ok, or an error's code"),
    connector: word,
    limit: z.coerce.number().int().min(1).max(100).default(20).describe("groups at most"),
  }),
  answer: { status: 200, schema: spendSchema },
  handle: async (call) => {
    const { since, until, by, every, limit, ...named } = call.query;
    const { engines } = call;
    // Calls of other tenants may wait in their engines to be written down.
    await Promise.all(engines.all().map(({ audit }) => audit.flush()));
    const found = await engines.own.metrics.spend({
      by: [...new Set(by)],
      limit,
      where: { ...named, ...tenantOf(call, named.tenant) },
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(every === undefined ? {} : { every }),
    });
    return { ...found, items: found.items.map((item) => ({ ...item })) };
  },
});

/** @throws Agent33Error `api.installation_only` for another tenant than one's own */
function tenantOf(
  asking: Pick<RouteContext, "caller" | "config">,
  asked: string | undefined,
): { readonly tenant?: string } {
  if (runsInstallation(asking)) return asked === undefined ? {} : { tenant: asked };
  const { tenant } = asking.caller;
  if (asked === undefined || asked === tenant) return { tenant };
  throw new Agent33Error("api.installation_only", "Spend of other tenants is not yours to see.", {
    hint: "Leave `tenant` out, or ask whoever runs the installation.",
  });
}

/** What was spent. */
export const spendRoutes: readonly Route[] = [spend];
