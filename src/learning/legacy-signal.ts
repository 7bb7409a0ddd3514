import { z } from "zod";
import {
  extraOf,
  legacyIdSchema,
  legacyNameSchema,
  type LegacyRead,
  type LegacyRecord,
  legacyTextOf,
  legacyTextSchema,
  legacyTimeSchema,
} from "./legacy-fields.ts";
import { problemsOf } from "./problems.ts";
import {
  type Quality,
  qualityLabels,
  qualityOf,
  qualityReasons,
  scoreOf,
  thousandthsOf,
} from "./quality.ts";
import { severitySchema, type Signal, signalTypeSchema } from "./signal.ts";
import { storableText } from "./text.ts";

/** What is taken over of a signal; tenant, fingerprint and provenance are given to it here. */
export type TakenSignal = Omit<Signal, "tenant" | "fingerprint" | "provenance">;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/**
 * A signal as the Python engine wrote it. What is missing is made up for as the engine did: an old
 * state has no quality, a new one counts occurrences.
 */
const legacySignalSchema = z.looseObject({
  signal_id: legacyIdSchema,
  recorded_at: legacyTimeSchema,
  signal_type: signalTypeSchema,
  severity: severitySchema,
  tenant_id: legacyNameSchema,
  summary: storableText(1, 1_000_000),
  details: legacyTextSchema,
  // As long as ours may be: it stands in indexes, which hold no text of any length.
  source: legacyTextOf(200),
  context: z.record(storableText(0, 10_000), scalar).nullish(),
  quality_score: z.number().min(0).max(1).nullish(),
  quality_label: z.enum(["", ...qualityLabels]).nullish(),
  quality_reasons: z.array(z.string()).nullish(),
  related_intake_id: legacyNameSchema,
  occurrence_count: z.int().min(1).nullish(),
  last_seen: legacyTimeSchema.nullish(),
  last_seen_at: legacyTimeSchema.nullish(),
});
type LegacySignal = z.output<typeof legacySignalSchema>;

/** What the engine derived of the rest, and is derived anew. */
const derived = ["enrichment", "intake_generated", "fingerprint", "first_seen", "first_seen_at"];
const known = new Set([...Object.keys(legacySignalSchema.shape), ...derived]);

/** A signal of the Python engine's state. */
export function readLegacySignal(value: unknown): LegacyRead<LegacyRecord<TakenSignal>> {
  const parsed = legacySignalSchema.safeParse(value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { data } = parsed;
  const context = contextOf(data);
  const unstorable = Object.values(context).find((text) => !storable.safeParse(text).success);
  if (unstorable !== undefined) {
    return { ok: false, problems: ["context: has text that databases cannot hold"] };
  }
  const seen = data.last_seen ?? data.last_seen_at;
  const recordedAt = data.recorded_at.at;
  const record: TakenSignal = {
    id: data.signal_id,
    type: data.signal_type,
    severity: data.severity,
    summary: data.summary,
    details: data.details,
    source: data.source,
    context,
    quality: qualityFrom(data, context),
    occurrences: data.occurrence_count ?? 1,
    recordedAt,
    lastSeenAt: Math.max(recordedAt, seen?.at ?? recordedAt),
    state: "open",
    stateReason: null,
    stateBy: null,
    stateAt: null,
    intakeId: data.related_intake_id ?? null,
  };
  const naive = data.recorded_at.naive || seen?.naive === true;
  const { signal_id: id, tenant_id: tenant, related_intake_id: link } = data;
  return { ok: true, value: { id, tenant, record, link, naive } };
}

const storable = storableText(0, 1_000_000);

function contextOf(data: LegacySignal): Readonly<Record<string, string>> {
  const entries = Object.entries(data.context ?? {}).map(([name, content]) => [
    name,
    typeof content === "string" ? content : JSON.stringify(content),
  ]);
  const extra = Object.entries(extraOf(data, known)).map(([name, content]) => [
    `legacy.${name}`,
    typeof content === "string" ? content : JSON.stringify(content),
  ]);
  return Object.fromEntries([...extra, ...entries]) as Readonly<Record<string, string>>;
}

/** The quality that the engine found, where it has it whole, or ours. */
function qualityFrom(data: LegacySignal, context: Readonly<Record<string, string>>): Quality {
  const { quality_score: score, quality_label: label } = data;
  const computed = qualityOf({ ...data, context });
  if (score === null || score === undefined) return computed;
  if (label === null || label === undefined || label === "") return computed;
  const given = data.quality_reasons ?? [];
  const reasons = qualityReasons.filter((reason) => given.includes(reason));
  return {
    score: scoreOf(thousandthsOf(score)),
    label,
    reasons: reasons.length === 0 ? computed.reasons : reasons,
  };
}
