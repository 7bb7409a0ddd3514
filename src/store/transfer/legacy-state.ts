import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";

const tallySchema = z.object({
  count: z.number(),
  first: z.array(z.object({ place: z.string(), reason: z.string() })),
});

const recordsSchema = z.object({
  /** Whole records in the source. */
  read: z.number(),
  kept: z.number(),
  /** Their id was in the store, whose record stays as it is. */
  thereAlready: z.number(),
  /** The same record once more in the source. */
  repeated: z.number(),
});
export type LegacyRecords = z.output<typeof recordsSchema>;

const reportSchema = z.object({
  signals: recordsSchema,
  intakes: recordsSchema,
  /** Records with times that have no time zone; they were read as UTC. */
  withoutZone: z.number(),
  quarantined: tallySchema,
  /** Links of which one end is missing; they were left out. */
  dangling: tallySchema,
});
/** What a migration has done so far. */
export type LegacyCounts = z.output<typeof reportSchema>;

const positionSchema = z.object({
  /** Intakes come first, so that a signal finds its own. */
  phase: z.enum(["intakes", "signals"]),
  /** The byte up to which the phase is done. */
  offset: z.number(),
});
export type LegacyPosition = z.output<typeof positionSchema>;

/** How far a migration is and what it has done: what is noted with every batch. */
export interface LegacyState {
  readonly position: LegacyPosition;
  readonly report: LegacyCounts;
}

const noRecords: LegacyRecords = { read: 0, kept: 0, thereAlready: 0, repeated: 0 };

export const firstLegacyState: LegacyState = {
  position: { phase: "intakes", offset: 0 },
  report: {
    signals: noRecords,
    intakes: noRecords,
    withoutZone: 0,
    quarantined: { count: 0, first: [] },
    dangling: { count: 0, first: [] },
  },
};

/** @throws Agent33Error `store.bad_transfer` where a note of a migration is not one */
export function parseLegacyState(position: JsonObject, report: JsonObject): LegacyState {
  const read = z
    .object({ position: positionSchema, report: reportSchema })
    .safeParse({ position, report });
  if (read.success) return read.data;
  throw new Agent33Error(
    "store.bad_transfer",
    "The note of how far a migration is cannot be read.",
    {
      hint: "Delete its row from the table transfers and run the migration again: nothing is doubled.",
      cause: read.error,
    },
  );
}
