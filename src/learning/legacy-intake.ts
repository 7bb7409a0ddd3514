import { z } from "zod";
import { isJsonObject, toJsonValue } from "../base/json.ts";
import { type IntakeRecord, intakeRecordSchema } from "./intake.ts";
import {
  extraOf,
  legacyIdSchema,
  legacyNameSchema,
  type LegacyRead,
  type LegacyRecord,
  legacyTextSchema,
  legacyTimeSchema,
} from "./legacy-fields.ts";
import { problemsOf } from "./problems.ts";
import { scoreOf, thousandthsOf } from "./quality.ts";

/** What is taken over of an intake; its tenant is given to it here. */
export type TakenIntake = Omit<IntakeRecord, "tenant">;

/** Lists of texts; phases were numbers, and action items could be objects. */
const textsSchema = z
  .array(z.json())
  .nullish()
  .transform((items) =>
    (items ?? [])
      .map((item) => (typeof item === "string" ? item : JSON.stringify(item)))
      .filter((item) => item !== ""),
  );

const timeSchema = legacyTimeSchema.nullish();

/** An intake as the Python engine wrote it. */
const legacyIntakeSchema = z.looseObject({
  intake_id: legacyIdSchema,
  submitted_by: legacyTextSchema,
  submitted_at: timeSchema,
  created_at: timeSchema,
  tenant_id: legacyNameSchema,
  generated_from_signal_id: legacyNameSchema,
  automated_quality_score: z.number().min(0).max(1).nullish(),
  automated_quality_label: legacyNameSchema,
  classification: z.looseObject({
    research_type: z.string(),
    category: legacyTextSchema,
    urgency: legacyNameSchema,
  }),
  content: z.looseObject({
    title: z.string(),
    summary: legacyTextSchema,
    source: legacyTextSchema,
    source_date: legacyTextSchema,
  }),
  relevance: z
    .looseObject({
      impact_areas: textsSchema,
      affected_phases: textsSchema,
      affected_agents: textsSchema,
      priority_score: z.int().min(1).max(10).nullish(),
    })
    .nullish(),
  analysis: z.record(z.string(), z.json()).nullish(),
  disposition: z
    .looseObject({
      status: legacyNameSchema,
      decision_date: timeSchema,
      decision_by: legacyNameSchema,
      rationale: legacyTextSchema,
      action_items: textsSchema,
    })
    .nullish(),
  tracking: z
    .looseObject({
      backlog_refs: textsSchema,
      roadmap_impact: legacyTextSchema,
      implementation_target: legacyTextSchema,
    })
    .nullish(),
});
type LegacyIntake = z.output<typeof legacyIntakeSchema>;

const known = new Set(Object.keys(legacyIntakeSchema.shape));
const middlePriority = 5;
const day = /^\d{4}-\d{2}-\d{2}/;

/**
 * An intake of the Python engine's state.
 * @param now for one that does not say when it was submitted, milliseconds since the Unix epoch
 */
export function readLegacyIntake(
  value: unknown,
  now: number,
): LegacyRead<LegacyRecord<TakenIntake>> {
  const parsed = legacyIntakeSchema.safeParse(value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { data } = parsed;
  // Checked against the schema of what is kept, so that the store does not refuse it later.
  const whole = intakeRecordSchema.safeParse({ tenant: "", ...intakeOf(data, now) });
  if (!whole.success) return { ok: false, problems: problemsOf(whole.error) };
  const { tenant: _, ...record } = whole.data;
  const { intake_id: id, tenant_id: tenant, generated_from_signal_id: link } = data;
  const times = [data.submitted_at, data.created_at, data.disposition?.decision_date];
  const naive = times.some((time) => time?.naive === true);
  return { ok: true, value: { id, tenant, record, link, naive } };
}

/** In the words of our record; what does not fit shows in the check that follows. */
function intakeOf(data: LegacyIntake, now: number): Record<keyof TakenIntake, unknown> {
  const { classification, content, relevance, disposition, tracking } = data;
  const decidedAt = disposition?.decision_date?.at ?? null;
  const submittedAt = (data.submitted_at ?? data.created_at)?.at ?? decidedAt ?? now;
  const score = data.automated_quality_score;
  const label = data.automated_quality_label;
  const sourceDate = day.exec(content.source_date)?.[0];
  return {
    id: data.intake_id,
    submittedBy: data.submitted_by === "" ? "unknown" : data.submitted_by,
    submittedAt,
    updatedAt: Math.max(submittedAt, decidedAt ?? submittedAt),
    automatic: data.generated_from_signal_id !== undefined,
    classification: {
      researchType: classification.research_type,
      category: classification.category,
      urgency: classification.urgency ?? "medium",
    },
    content: {
      title: content.title,
      summary: content.summary,
      source: content.source,
      ...(sourceDate === undefined ? {} : { sourceDate }),
    },
    relevance: {
      impactAreas: relevance?.impact_areas ?? [],
      affectedPhases: relevance?.affected_phases ?? [],
      affectedAgents: relevance?.affected_agents ?? [],
      priority: relevance?.priority_score ?? middlePriority,
    },
    analysis: analysisOf(data, sourceDate),
    disposition: {
      state: disposition?.status ?? "submitted",
      decidedAt,
      decidedBy: disposition?.decision_by ?? null,
      rationale: disposition?.rationale ?? "",
      actionItems: disposition?.action_items ?? [],
    },
    tracking: {
      backlogRefs: tracking?.backlog_refs ?? [],
      roadmapImpact: tracking?.roadmap_impact ?? "",
      implementationTarget: tracking?.implementation_target ?? "",
    },
    quality:
      score === null || score === undefined || label === undefined
        ? null
        : { score: scoreOf(thousandthsOf(score)), label },
    history: [],
  };
}

/** The analysis, with what has no place of its own under `legacy`. */
function analysisOf(data: LegacyIntake, sourceDate: string | undefined): unknown {
  const { source_date: written } = data.content;
  const extra = {
    ...extraOf(data, known),
    ...(sourceDate === undefined && written !== "" ? { source_date: written } : {}),
  };
  const analysis = data.analysis ?? {};
  if (Object.keys(extra).length === 0) return analysis;
  const legacy = toJsonValue(extra);
  return isJsonObject(legacy) ? { ...analysis, legacy } : analysis;
}
