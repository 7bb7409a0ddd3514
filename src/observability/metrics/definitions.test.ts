import { expect, test } from "vitest";
import { labelBounds, type MetricDefinition, metrics, mostSeries } from "./definitions.ts";

const all = Object.entries(metrics) as [string, MetricDefinition][];

test.each(all)("%s cannot have more sets of labels than are good for a server", (_, { labels }) => {
  const product = labels.reduce((sum, label) => sum * labelBounds[label], 1);
  expect(product).toBeLessThanOrEqual(mostSeries);
});

test("no label names one person, run, call or prompt", () => {
  const labels = Object.keys(labelBounds).join(" ");
  expect(labels).not.toMatch(/user|run_id|call_id|prompt|conversation/);
});
