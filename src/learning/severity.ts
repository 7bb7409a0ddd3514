/** From least to worst. */
export const severities = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];

/** Where a severity stands: 0 for the least. */
export function severityRank(severity: Severity): number {
  return severities.indexOf(severity);
}
