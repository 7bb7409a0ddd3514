import { z } from "zod";

/** What the API may try agents on, and where. */
export const servedEvaluationsSchema = z.strictObject({
  tasks: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "Use lower-case letters, digits, . - and _"),
      z.string().min(1),
    )
    .default({})
    .describe("folders of tasks that jobs of the API may try, each under a name"),
  jobs: z
    .string()
    .min(1)
    .default("jobs")
    .describe("folder of the jobs that the API shows and makes"),
  environment: z
    .enum(["bwrap", "docker", "host"])
    .default("bwrap")
    .describe("where trials of the API's jobs happen; host isolates nothing"),
  atOnce: z
    .int()
    .min(0)
    .max(100)
    .default(1)
    .describe("jobs that the server works on at once; 0 makes none"),
});
