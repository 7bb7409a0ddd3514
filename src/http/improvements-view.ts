import { z } from "zod";
import { actorSchema, idSchema, timeSchema } from "../learning/fields.ts";
import { checklistSchema as checklistRecord } from "../learning/checklist.ts";
import { intakeRecordSchema } from "../learning/intake.ts";
import { lessonSchema as lessonRecord } from "../learning/lesson.ts";
import { polarities } from "../learning/metric.ts";
import { snapshotSchema as snapshotRecord } from "../learning/metric-snapshot.ts";
import { qualityLabels, qualityReasons } from "../learning/quality.ts";
import { refreshSchema as refreshRecord } from "../learning/refresh.ts";
import { severitySchema, signalStateSchema, signalTypeSchema } from "../learning/signal.ts";
import { storableText } from "../learning/text.ts";
import { checked, jsonValue } from "./input.ts";
import type { RouteContext } from "./route.ts";

const noTenant = { tenant: true } as const;

/** What an analysis is in the reference; how deep and long it may be is the record's to say. */
export const analysisField = z.record(z.string(), jsonValue).describe("any JSON object");

/** The records of learning as they are shown: without the tenant, which is always the caller's. */
export const intakeSchema = intakeRecordSchema
  .unwrap()
  .omit(noTenant)
  .extend({
    analysis: analysisField.readonly(),
    signalIds: z.array(z.string()).readonly().describe("what it is about"),
  })
  .meta({ id: "Intake" });
export const lessonSchema = lessonRecord.unwrap().omit(noTenant).meta({ id: "Lesson" });
export const checklistSchema = checklistRecord.unwrap().omit(noTenant).meta({ id: "Checklist" });
export const snapshotSchema = snapshotRecord.unwrap().omit(noTenant).meta({ id: "MetricSnapshot" });
export const refreshSchema = refreshRecord.unwrap().omit(noTenant).meta({ id: "Refresh" });

export const signalSchema = z
  .strictObject({
    id: idSchema,
    type: signalTypeSchema,
    severity: severitySchema,
    summary: z.string(),
    details: z.string(),
    source: z.string().describe("who or what saw it"),
    context: z.record(z.string(), z.string()).readonly(),
    quality: z
      .strictObject({
        score: z.number().min(0).max(1),
        label: z.enum(qualityLabels),
        reasons: z.array(z.enum(qualityReasons)).readonly(),
      })
      .readonly()
      .describe("how much there is to work with"),
    fingerprint: z.string().describe("equal for repeats of each other"),
    occurrences: z.int().positive().describe("how often it was seen"),
    recordedAt: timeSchema,
    lastSeenAt: timeSchema,
    state: signalStateSchema,
    stateReason: z.string().nullable(),
    stateBy: actorSchema.nullable(),
    stateAt: timeSchema.nullable(),
    intakeId: idSchema.nullable().describe("the intake that was made of it"),
    provenance: z.enum(["recorded", "migrated"]),
  })
  .meta({ id: "Signal" });

export const metricDefinitionSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    unit: z.string(),
    polarity: z.enum(polarities).describe("which way is better"),
    target: z.number().nullable(),
  })
  .meta({ id: "MetricDefinition" });

/** A record without its tenant. */
export function ownView<T extends { readonly tenant: string }>(record: T): Omit<T, "tenant"> {
  const { tenant: _tenant, ...shown } = record;
  return shown;
}

/** The id of a record, whole or its beginning. */
export const recordParams = z.strictObject({
  id: z.string().min(1).max(200).describe("the record's id, or its beginning"),
});

const keySchema = storableText(1, 200);

/**
 * The key under which something is made once, however often it is asked for; undefined where none
 * was sent. @throws Agent33Error `api.invalid_request`
 */
export function keyOf({ header }: Pick<RouteContext, "header">): string | undefined {
  const key = header("idempotency-key");
  return key === undefined ? undefined : checked(keySchema, key, "header.idempotency-key");
}

/** How the reference tells of {@link keyOf}. */
export const madeOnce =
  "With an `Idempotency-Key` header it is made once, however often it is asked for; the same key with other contents is a conflict.";
