import { z } from "zod";
import { signedPlaceSchema } from "./head-file.ts";

/**
 * A tenant's audit as lines of JSON that can be checked alone. The first says what it is and holds
 * the public keys. Then comes the head that stood beside the store, one line a checkpoint, one a link
 * with the record that it vouches for, one a record that no link is about; and last the end of the
 * chain, signed when it was exported.
 */
export const exportFormat = "agent33-audit";
export const exportVersion = 1;

const stateSchema = z.enum(["open", "closed"]);
const rowSchema = z.strictObject({
  seq: z.int(),
  callId: z.string(),
  runId: z.string().nullable(),
  at: z.int(),
  state: stateSchema,
  connector: z.string(),
  operation: z.string(),
  decision: z.string(),
  ruleId: z.string(),
  outcome: z.string(),
  record: z.string(),
});
const linkSchema = z.strictObject({
  tenant: z.string(),
  position: z.int(),
  callId: z.string(),
  state: stateSchema,
  at: z.int(),
  recordDigest: z.string(),
  hash: z.string(),
});

export const headerSchema = z.strictObject({
  format: z.literal(exportFormat),
  version: z.literal(exportVersion),
  tenant: z.string(),
  /** Public keys in PEM. */
  keys: z.array(z.string()),
});
export type ExportHeader = z.output<typeof headerSchema>;

/** A line after the first. */
export const lineSchema = z.union([
  z.strictObject({ checkpoint: signedPlaceSchema }),
  z.strictObject({
    link: linkSchema,
    /** Null where it has given way to that of a later link, or is not there. */
    record: rowSchema.nullable(),
    superseded: z.boolean(),
    unchained: z.boolean(),
  }),
  z.strictObject({ record: rowSchema, unchained: z.boolean() }),
  z.strictObject({ head: signedPlaceSchema }),
]);
export type ExportLine = z.output<typeof lineSchema>;
