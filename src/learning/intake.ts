import { z } from "zod";
import { actorSchema, daySchema, idSchema, textsSchema, timeSchema, wordOf } from "./fields.ts";
import { analysisSchema } from "./intake-analysis.ts";
import { intakeStates } from "./intake-state.ts";
import { qualityLabels } from "./quality.ts";
import { parseRecord } from "./record.ts";
import { storableText } from "./text.ts";

/** Where the question comes from, or whom it asks. */
export const researchTypes = ["external", "internal", "competitive", "user", "technical"] as const;
export type ResearchType = (typeof researchTypes)[number];

export const urgencies = ["low", "medium", "high"] as const;
export type Urgency = (typeof urgencies)[number];

const middlePriority = 5;
const namesSchema = textsSchema(100, 200);

const classificationSchema = z
  .strictObject({
    researchType: wordOf(researchTypes),
    category: storableText(0, 200).default(""),
    urgency: wordOf(urgencies).default("medium"),
  })
  .readonly();

const contentSchema = z
  .strictObject({
    title: storableText(1, 500).refine((title) => title.trim() !== "", "Must not be blank"),
    summary: storableText(0, 20_000).default(""),
    /** Where it was read or heard. */
    source: storableText(0, 2000).default(""),
    /** The day of the source, such as that of a publication. */
    sourceDate: daySchema.exactOptional(),
  })
  .readonly();

const relevanceSchema = z
  .strictObject({
    impactAreas: namesSchema.default([]),
    affectedPhases: namesSchema.default([]),
    affectedAgents: namesSchema.default([]),
    /** 1 to 10, the most pressing last. */
    priority: z.int().min(1).max(10).default(middlePriority),
  })
  .readonly();

const trackingFields = {
  /** Names of the work items that came of it. */
  backlogRefs: textsSchema(100, 500),
  roadmapImpact: storableText(0, 5000),
  /** The release or time that it is meant for. */
  implementationTarget: storableText(0, 500),
};

/** What an intake is made of. Lengths are in UTF-16 units. */
export const newIntakeSchema = z.strictObject({
  submittedBy: actorSchema,
  classification: classificationSchema,
  content: contentSchema,
  relevance: relevanceSchema.prefault({}),
  analysis: analysisSchema.default({}),
});
export type NewIntake = Readonly<z.output<typeof newIntakeSchema>>;

/**
 * What may be written of an intake later. An analysis takes the place of the one before; of the
 * tracking, only what is given changes.
 */
export const intakeUpdateSchema = z.strictObject({
  analysis: analysisSchema.exactOptional(),
  tracking: z
    .strictObject({
      backlogRefs: trackingFields.backlogRefs.exactOptional(),
      roadmapImpact: trackingFields.roadmapImpact.exactOptional(),
      implementationTarget: trackingFields.implementationTarget.exactOptional(),
    })
    .readonly()
    .exactOptional(),
});
export type IntakeUpdate = Readonly<z.output<typeof intakeUpdateSchema>>;

const stateSchema = wordOf(intakeStates);

/** A record as it is kept, and as it is brought along from another store. */
export const intakeRecordSchema = z
  .strictObject({
    id: idSchema,
    tenant: z.string(),
    submittedBy: actorSchema,
    /** Milliseconds since the Unix epoch, as all times here. */
    submittedAt: timeSchema,
    /** Made of a signal without anybody asking for it. */
    automatic: z.boolean(),
    classification: classificationSchema,
    content: contentSchema,
    relevance: relevanceSchema,
    analysis: analysisSchema,
    disposition: z
      .strictObject({
        state: stateSchema,
        /** Of the last decision; null where none stands. */
        decidedAt: timeSchema.nullable(),
        decidedBy: actorSchema.nullable(),
        rationale: storableText(0, 5000),
        actionItems: textsSchema(100, 2000),
      })
      .readonly(),
    tracking: z.strictObject(trackingFields).readonly(),
    /** That of the signal that it was made of. */
    quality: z
      .strictObject({ score: z.number().min(0).max(1), label: wordOf(qualityLabels) })
      .readonly()
      .nullable(),
    updatedAt: timeSchema,
    /** Every change of state, oldest first. */
    history: z
      .array(
        z
          .strictObject({
            from: stateSchema,
            to: stateSchema,
            by: actorSchema,
            at: timeSchema,
            rationale: storableText(0, 5000),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();
export type IntakeRecord = z.output<typeof intakeRecordSchema>;

/** Something to look into and decide on. */
export interface Intake extends IntakeRecord {
  /** The signals that it is about, oldest first. */
  readonly signalIds: readonly string[];
}

/**
 * An intake from outside, checked.
 * @throws Agent33Error `learning.bad_intake` with every problem and its path
 */
export function parseNewIntake(value: unknown): NewIntake {
  return parseRecord(newIntakeSchema, value, "intake");
}
