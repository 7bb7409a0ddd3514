import { z } from "zod";

const mostDays = 9_999;

function keptDays(what: string) {
  return z
    .union(
      [
        z.literal("keep"),
        z.int().positive().max(mostDays),
        // As a variable of the environment spells it.
        z
          .string()
          .regex(/^[1-9]\d{0,3}$/)
          .transform(Number),
      ],
      `Must be keep or whole days, 1 to ${mostDays}`,
    )
    .default("keep")
    .describe(`days for which ${what} are kept; keep removes none`);
}

/** How long what is kept is kept, by class. Nothing is removed unless somebody says so. */
export const retentionSettingsSchema = z.strictObject({
  audit: keptDays("records of calls"),
  runs: keptDays("runs that ended, with their logs, journals and files"),
  alerts: keptDays("what became of alerts that do not fire any more"),
  telemetry: keptDays("files that telemetry.jsonl was moved to, one for each day or more"),
  evaluations: keptDays("jobs of evaluations that are done, in the folder jobs"),
  everyHours: z
    .int()
    .positive()
    .max(8_760)
    .default(24)
    .describe("hours between two times that what is too old is removed, while something works"),
});
