import { z } from "zod";
import { planStatuses } from "../events/event.ts";
import { defineTool } from "../tools/define.ts";
import type { Tool } from "../tools/tool.ts";

/** The name by which a model keeps its plan. */
export const updatePlanName = "update_plan";

const mostSteps = 50;

const input = z.object({
  steps: z
    .array(
      z.object({
        step: z.string().min(1).max(500).describe("What is to be done."),
        status: z.enum(planStatuses).describe("How far it is."),
      }),
    )
    .max(mostSteps)
    .describe("The whole plan, in order; it replaces the one before."),
});

/** The built-in tool that keeps an agent's plan: it is data in the run's log, shown in every turn. */
export function createUpdatePlanTool(): Tool {
  return defineTool({
    name: updatePlanName,
    description:
      "Keeps your plan for work of several steps: it is shown to you in every turn, however long the work takes. Give the whole plan each time that a step is done or the plan changes.",
    input,
    effect: "read",
    repeat: "safe",
    source: "tool:context",
    run: async ({ steps }) => ({
      content: steps.length === 0 ? "The plan is empty now." : "The plan is kept.",
      isError: false,
      plan: steps,
    }),
  });
}
