import { z } from "zod";
import { retentionClasses } from "../../engine/retention.ts";
import { moment } from "../input.ts";
import { requireInstallation } from "../installation.ts";
import { defineRoute, type Route } from "../route.ts";

const retention = defineRoute({
  name: "applyRetention",
  method: "POST",
  path: "/v1/store/retention",
  tag: "store",
  scope: "store:write",
  effect: "destructive",
  summary: "Remove what is older than the settings say",
  description:
    "Of all tenants, class by class; nothing where the settings keep all. What goes is noted in the audit, which stays verifiable. A dry run removes nothing.",
  body: z.strictObject({
    dryRun: z.boolean().default(true).describe("whether it is only said what would go"),
  }),
  answer: {
    status: 200,
    schema: z
      .strictObject({
        at: moment,
        dryRun: z.boolean(),
        classes: z.array(
          z.strictObject({
            class: z.enum(retentionClasses),
            days: z.union([z.int(), z.literal("keep")]),
            removed: z.int().describe("records, runs, files or jobs"),
            kept: z.array(z.string()).describe("why something that is old enough stays"),
          }),
        ),
      })
      .meta({ id: "RetentionReport" }),
  },
  problems: [409],
  seconds: 300,
  handle: async (call) => {
    requireInstallation(call);
    const { classes, ...report } = await call.engine.retention.apply(call.body);
    return { ...report, classes: classes.map((one) => ({ ...one, kept: [...one.kept] })) };
  },
});

/** How long what is kept is kept. */
export const retentionRoutes: readonly Route[] = [retention];
