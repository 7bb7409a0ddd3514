import { z } from "zod";

/** What a row's process is to do. */
export const rowPlanSchema = z.object({
  /** Which of the contenders. */
  place: z.int().nonnegative(),
  /** Turns with tool calls in each run; one of words follows. */
  turns: z.int().positive(),
  /** Tool calls of each of these turns. */
  calls: z.int().positive(),
  runs: z.int().positive(),
  /** Runs at the same time. */
  atOnce: z.int().positive(),
});
export type RowPlan = z.infer<typeof rowPlanSchema>;

/** What it found. */
export const rowReadingSchema = z.object({
  cpuMsATurn: z.number(),
  wallMsATurn: z.number(),
  /** How much larger the process was after all the runs than before. */
  rssMbMore: z.number(),
});
export type RowReading = z.infer<typeof rowReadingSchema>;

/** What parked runs cost the process that parked them. */
export const parkedSchema = z.object({ kilobytesARun: z.number(), runs: z.int() });
