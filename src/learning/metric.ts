import { suggestName } from "../base/nearest.ts";
import { Agent33Error } from "../base/errors.ts";

/** Which way is better. */
export const polarities = ["higher", "lower"] as const;
export type Polarity = (typeof polarities)[number];

/** What a metric means. */
export interface MetricDefinition {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly polarity: Polarity;
  /** The value to reach; null where there is none. */
  readonly target: number | null;
}

/** The metrics that every store knows. Others are declared by the first snapshot that has them. */
export const metricDefinitions: readonly MetricDefinition[] = [
  { id: "IM-01", name: "Cycle time", unit: "hours", polarity: "lower", target: null },
  { id: "IM-02", name: "Rework rate", unit: "percent", polarity: "lower", target: 15 },
  { id: "IM-03", name: "First-pass success", unit: "percent", polarity: "higher", target: 85 },
  { id: "IM-04", name: "Documentation lag", unit: "sprints", polarity: "lower", target: 1 },
  {
    id: "IM-05",
    name: "Intake velocity",
    unit: "items per quarter",
    polarity: "higher",
    target: 5,
  },
];

export function metricDefinition(id: string): MetricDefinition | undefined {
  return metricDefinitions.find((definition) => definition.id === id);
}

/** The error for a metric that is neither built in nor in any snapshot. */
export function unknownMetric(id: string, known: readonly string[]): Agent33Error {
  return new Agent33Error("learning.unknown_metric", `There is no metric "${id}".`, {
    hint: suggestName(id, known),
    details: { id, known },
  });
}
