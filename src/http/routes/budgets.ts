import { z } from "zod";
import { budgetPeriods, budgetScopes, budgetStandings, budgetUses } from "../../engine.ts";
import { moment, pageOf, pageQuery } from "../input.ts";
import { defineRoute, type Route } from "../route.ts";

const tag = "budgets";
const amount = z.int().nonnegative();

const amounts = z
  .strictObject({
    costMicroUsd: amount.exactOptional(),
    tokens: amount.exactOptional(),
    calls: amount.exactOptional(),
    milliseconds: amount.exactOptional().describe("that calls take"),
  })
  .meta({ id: "BudgetAmounts" });

const useSchema = z
  .strictObject({
    id: z.string(),
    budget: z.string().describe("its name in the settings"),
    per: z.enum(budgetScopes).nullable(),
    who: z.string().describe("whose calls are counted"),
    period: z.string().describe("2026-11-22, 2026-11, week of 2026-11-16, forever; in UTC"),
    isCurrent: z.boolean().describe("whether the period goes on"),
    since: moment.describe("when it was first used"),
    limits: amounts.describe("what is not named is not limited"),
    used: z
      .strictObject({
        costMicroUsd: amount,
        tokens: amount,
        calls: amount,
        milliseconds: amount,
      })
      .describe("used and set aside, over all processes; only what is limited is counted"),
    reached: z
      .array(
        z.strictObject({
          limit: z.enum(["costMicroUsd", "tokens", "calls", "milliseconds"]),
          percent: amount,
          at: moment,
        }),
      )
      .readonly()
      .describe("shares of limits that were reached, each told once"),
  })
  .meta({ id: "BudgetUse" });

const list = defineRoute({
  name: "listBudgets",
  method: "GET",
  path: "/v1/budgets",
  tag,
  scope: "budgets:read",
  effect: "read",
  summary: "List the budgets, and what is used of each in the period that goes on",
  description:
    "They are set under `budgets` in the settings. A budget that nobody has used in its period has no uses.",
  answer: {
    status: 200,
    schema: z.strictObject({
      items: z.array(
        z
          .strictObject({
            name: z.string(),
            per: z.enum([...budgetScopes, "call"]),
            period: z
              .enum(budgetPeriods)
              .nullable()
              .describe("null: it bounds each call by itself"),
            limits: amounts,
            uses: z.array(useSchema).readonly().describe("of the own tenant, the fullest first"),
          })
          .meta({ id: "Budget" }),
      ),
    }),
  },
  handle: ({ engine, config, host }) => {
    const standings = budgetStandings(config.settings, engine.store, host.clock.now());
    return { items: standings.map((one) => ({ ...one })) };
  },
});

const uses = defineRoute({
  name: "listBudgetUses",
  method: "GET",
  path: "/v1/budgets/uses",
  tag,
  scope: "budgets:read",
  effect: "read",
  summary: "List what was used of budgets, period by period, the newest first",
  description: "Of the own tenant. Budgets that the settings no longer have are among them.",
  query: z.strictObject({
    ...pageQuery.shape,
    budget: z.string().min(1).max(200).exactOptional().describe("of this budget only"),
    who: z
      .string()
      .min(1)
      .max(500)
      .exactOptional()
      .describe("of this tenant, person or agent only"),
  }),
  answer: { status: 200, schema: pageOf(useSchema) },
  handle: ({ engine, config, host, query }) => {
    const { settings } = config;
    const { items, nextCursor } = budgetUses(settings, engine.store, host.clock.now(), query);
    return { items: [...items], nextCursor };
  },
});

/** Budgets: hard limits over runs and processes. Only the settings set them. */
export const budgetRoutes: readonly Route[] = [list, uses];
