import { z } from "zod";

/** What one round of one candidate says, as its process sends it. */
export const roundSchema = z.object({
  cpuMicros: z.number(),
  cpuInFlightMicros: z.number(),
  wallMicros: z.array(z.number()),
});

/** What one measuring process found out about one candidate's time. Microseconds a call. */
const timingSchema = z.object({
  name: z.string(),
  leavesOut: z.array(z.string()),
  /** One figure a round. */
  cpuMicros: z.array(z.number()),
  cpuInFlightMicros: z.array(z.number()),
  wallMicros: z.object({ p50: z.number(), p99: z.number() }),
});
export type Timing = z.infer<typeof timingSchema>;

/** One table of a survey. The keys of the figures are those of the columns; some may be missing. */
const tableSchema = z.object({
  title: z.string(),
  /** What the rows are. */
  of: z.string(),
  columns: z.array(z.object({ key: z.string(), title: z.string() })),
  rows: z.array(z.object({ name: z.string(), figures: z.record(z.string(), z.number()) })),
});
export type FindingsTable = z.infer<typeof tableSchema>;

/** The columns of a table: their titles by their keys, in their order. */
export function columnsOf(titles: Readonly<Record<string, string>>): FindingsTable["columns"] {
  return Object.entries(titles).map(([key, title]) => ({ key, title }));
}

/** A figure that was set as a goal, and what was reached. Reported, never asserted. */
const goalSchema = z.object({
  what: z.string(),
  better: z.enum(["less", "more"]),
  goal: z.number(),
  reached: z.number(),
});
export type Goal = z.infer<typeof goalSchema>;

const findingsSchema = z.object({
  /** The surroundings that only this benchmark knows of: versions, the disk. */
  facts: z.array(z.string()),
  tables: z.array(tableSchema),
  goals: z.array(goalSchema),
  notes: z.array(z.string()),
});
export type Findings = z.infer<typeof findingsSchema>;

/** What a measuring process prints: its mode says which of them it is. */
export const measuredSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("time"), notes: z.array(z.string()), timings: z.array(timingSchema) }),
  /** JavaScript heap allocated a call, in the order of the candidates. */
  z.object({ mode: z.literal("bytes"), bytes: z.array(z.number()) }),
  z.object({ mode: z.literal("survey"), findings: findingsSchema }),
]);
export type Measured = z.infer<typeof measuredSchema>;
export type MeasureMode = Measured["mode"];
