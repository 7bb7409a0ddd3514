import { z } from "zod";

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

/** What a measuring process prints: its mode says which of the two it is. */
export const measuredSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("time"), notes: z.array(z.string()), timings: z.array(timingSchema) }),
  /** JavaScript heap allocated a call, in the order of the candidates. */
  z.object({ mode: z.literal("bytes"), bytes: z.array(z.number()) }),
]);
export type Measured = z.infer<typeof measuredSchema>;
export type MeasureMode = Measured["mode"];
