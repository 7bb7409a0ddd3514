import { z } from "zod";
import { idSchema, timeSchema, wordOf } from "./fields.ts";
import { metricDefinition, metricDefinitions, polarities } from "./metric.ts";
import { badRecord, parseRecord } from "./record.ts";
import { storableText } from "./text.ts";

const maxMetrics = 100;

/** `-0` is `0`: not every backend tells them apart. */
const valueSchema = z.number().overwrite((value) => (value === 0 ? 0 : value));

const fields = {
  id: z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/, {
    error: "Must begin with a letter and have up to 64 letters, digits, dots, dashes, underscores",
  }),
  value: valueSchema,
  name: storableText(1, 200),
  unit: storableText(1, 100),
  polarity: wordOf(polarities),
  /** The value to reach, and the one that it began with. */
  target: valueSchema.nullable(),
  baseline: valueSchema.nullable(),
};

const period = storableText(1, 200).refine((text) => text.trim() !== "", "Must not be blank");

/** What a snapshot is made of. */
export const newSnapshotSchema = z.strictObject({
  /** Which time the values are of: `2026-07`, `sprint 14`. */
  period,
  metrics: z
    .array(
      z
        .strictObject({
          ...fields,
          name: fields.name.exactOptional(),
          unit: fields.unit.exactOptional(),
          polarity: fields.polarity.exactOptional(),
          target: fields.target.exactOptional(),
          baseline: fields.baseline.exactOptional(),
        })
        .readonly(),
    )
    .min(1)
    .max(maxMetrics)
    .superRefine((metrics, context) => {
      const seen = new Set<string>();
      for (const [index, { id }] of metrics.entries()) {
        if (seen.has(id)) {
          const message = `"${id}" is in the snapshot already`;
          context.addIssue({ code: "custom", message, path: [index, "id"] });
        }
        seen.add(id);
      }
    })
    .readonly(),
});
export type NewSnapshot = Readonly<z.output<typeof newSnapshotSchema>>;
type NewMetric = NewSnapshot["metrics"][number];

/** A record as it is kept. */
export const snapshotSchema = z
  .strictObject({
    id: idSchema,
    tenant: z.string(),
    period,
    /** Milliseconds since the Unix epoch. */
    takenAt: timeSchema,
    metrics: z.array(z.strictObject(fields).readonly()).min(1).max(maxMetrics).readonly(),
  })
  .readonly();
/** What the metrics of improvement stood at. */
export type Snapshot = z.output<typeof snapshotSchema>;
export type Metric = Snapshot["metrics"][number];

/**
 * A snapshot from outside, checked.
 * @throws Agent33Error `learning.bad_snapshot` with every problem and its path
 */
export function parseNewSnapshot(value: unknown): NewSnapshot {
  return parseRecord(newSnapshotSchema, value, "snapshot");
}

/**
 * The snapshot with what is known of each metric filled in: by its definition, or by the last
 * snapshot that had it. A metric keeps its unit and its polarity for good, or its values of
 * different times could not be compared.
 * @param before the metric in the last snapshot that had it
 * @throws Agent33Error `learning.bad_snapshot`
 */
export function takeSnapshot(
  snapshot: NewSnapshot,
  made: { readonly id: string; readonly tenant: string; readonly at: number },
  before: (metricId: string) => Metric | undefined,
): Snapshot {
  const problems: string[] = [];
  const metrics = snapshot.metrics.flatMap((metric, index): readonly Metric[] => {
    const known = knownOf(metric.id, before(metric.id));
    const found = problemsOfMetric(metric, known);
    problems.push(...found.map((problem) => `metrics.${index}.${problem}`));
    const unit = metric.unit ?? known?.unit;
    const polarity = metric.polarity ?? known?.polarity;
    if (found.length > 0 || unit === undefined || polarity === undefined) return [];
    const { name = known?.name ?? metric.id, target = known?.target ?? null } = metric;
    const { id, value, baseline = known?.baseline ?? null } = metric;
    return [{ id, value, name, unit, polarity, target, baseline }];
  });
  if (problems.length > 0) throw badRecord("snapshot", problems);
  return { id: made.id, tenant: made.tenant, period: snapshot.period, takenAt: made.at, metrics };
}

type Known = Omit<Metric, "value">;

function knownOf(id: string, before: Metric | undefined): Known | undefined {
  if (before !== undefined) return before;
  const definition = metricDefinition(id);
  return definition === undefined ? undefined : { ...definition, baseline: null };
}

/** What is wrong with a metric in itself, or against what is known of it. */
function problemsOfMetric(metric: NewMetric, known: Known | undefined): readonly string[] {
  const declared = ["unit", "polarity"] as const;
  if (known !== undefined) {
    return declared.flatMap((field) => {
      const given = metric[field];
      if (given === undefined || given === known[field]) return [];
      return [`${field}: "${given}" is not that of ${metric.id}, which is "${known[field]}"`];
    });
  }
  if (/^im-/i.test(metric.id)) {
    const ids = metricDefinitions.map(({ id }) => id).join(", ");
    return [`id: "${metric.id}" is not one of ${ids}; ids of your own begin otherwise`];
  }
  return declared.flatMap((field) =>
    metric[field] === undefined ? [`${field}: Must be given the first time for ${metric.id}`] : [],
  );
}
