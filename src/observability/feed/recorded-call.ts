import { z } from "zod";

const amount = z.number().nonnegative().exactOptional();

/** What telemetry reads of a call's record in the audit; the record has more. */
const recordSchema = z.object({
  callId: z.string(),
  runId: z.string().exactOptional(),
  at: z.number(),
  connector: z.string(),
  operation: z.string(),
  effect: z.string(),
  tool: z.string().exactOptional(),
  host: z.string().exactOptional(),
  decision: z.object({ effect: z.string(), ruleId: z.string() }),
  attempts: z.array(z.object({ outcome: z.string() })),
  durationMs: z.number(),
  spend: z.object({ costMicroUsd: amount, tokens: amount }).exactOptional(),
  tier: z.string().exactOptional(),
  /** Of a call of a model; earlier records do not say. */
  model: z.string().exactOptional(),
  outcome: z.string(),
});

/** One call that is over, as the boundary recorded it. */
export type RecordedCall = z.infer<typeof recordSchema>;

/** @param record as the audit keeps it */
export function recordedCall(record: unknown): RecordedCall {
  return recordSchema.parse(record);
}

/** Whether a call used tokens of a model that has no known price: not in any sum of money. */
export function isUnpriced({ spend }: RecordedCall): boolean {
  return spend?.tokens !== undefined && spend.tokens > 0 && spend.costMicroUsd === undefined;
}
