import { describe, expect, test } from "vitest";
import { metricDefinitions } from "./metric.ts";
import { type Metric, parseNewSnapshot, takeSnapshot } from "./metric-snapshot.ts";

const made = { id: "MSN-1", tenant: "a", at: 1000 };
const take = (metrics: readonly unknown[], before: Readonly<Record<string, Metric>> = {}) =>
  takeSnapshot(parseNewSnapshot({ period: "2026-07", metrics }), made, (id) => before[id]);
const problems = (...told: readonly unknown[]) =>
  expect.objectContaining({ code: "learning.bad_snapshot", details: { problems: told } });

describe("a snapshot", () => {
  test("knows the built-in metrics", () => {
    const { metrics } = take(metricDefinitions.map(({ id }, index) => ({ id, value: index })));
    expect(metrics.map(({ unit, polarity, target }) => [unit, polarity, target])).toEqual([
      ["hours", "lower", null],
      ["percent", "lower", 15],
      ["percent", "higher", 85],
      ["sprints", "lower", 1],
      ["items per quarter", "higher", 5],
    ]);
  });

  test("keeps the name and target that an earlier one gave a built-in metric", () => {
    const own = { name: "Rework of ours", target: 10, baseline: 30 };
    const [before] = take([{ id: "IM-02", value: 20, ...own }]).metrics;
    const [after] = take([{ id: "IM-02", value: 18 }], before && { "IM-02": before }).metrics;
    expect(after).toEqual({ id: "IM-02", value: 18, unit: "percent", polarity: "lower", ...own });
  });

  test("declares a metric of its own with its unit and polarity", () => {
    expect(() => take([{ id: "flaky", value: 3 }])).toThrow(
      problems(
        "metrics.0.unit: Must be given the first time for flaky",
        "metrics.0.polarity: Must be given the first time for flaky",
      ),
    );
    const [flaky] = take([{ id: "flaky", value: 3, unit: "tasks", polarity: "lower" }]).metrics;
    expect(flaky).toEqual({
      id: "flaky",
      value: 3,
      name: "flaky",
      unit: "tasks",
      polarity: "lower",
      target: null,
      baseline: null,
    });
  });

  test("keeps what an earlier one said of a metric, but for what it says anew", () => {
    const flaky: Metric = {
      id: "flaky",
      value: 3,
      name: "Flaky tasks",
      unit: "tasks",
      polarity: "lower",
      target: 1,
      baseline: 3,
    };
    const later = (given: object) => take([{ id: "flaky", value: 2, ...given }], { flaky }).metrics;
    expect(later({})).toEqual([{ ...flaky, value: 2 }]);
    expect(later({ target: 0, baseline: null })).toEqual([
      { ...flaky, value: 2, target: 0, baseline: null },
    ]);
    expect(() => later({ polarity: "higher", unit: "percent" })).toThrow(
      problems(
        'metrics.0.unit: "percent" is not that of flaky, which is "tasks"',
        'metrics.0.polarity: "higher" is not that of flaky, which is "lower"',
      ),
    );
  });

  test("does not turn a built-in metric around", () => {
    expect(() => take([{ id: "IM-01", value: 3, polarity: "higher" }])).toThrow(
      problems('metrics.0.polarity: "higher" is not that of IM-01, which is "lower"'),
    );
  });

  test("leaves the ids of built-in metrics to them", () => {
    for (const id of ["IM-06", "im-01"]) {
      const given = { id, value: 1, unit: "x", polarity: "lower" };
      expect(() => take([given])).toThrow(problems(expect.stringContaining(`"${id}"`)));
    }
  });

  test("has each metric once, with a value that is a finite number", () => {
    const twice = [
      { id: "IM-01", value: 1 },
      { id: "IM-01", value: 2 },
    ];
    expect(() => take(twice)).toThrow(problems('metrics.1.id: "IM-01" is in the snapshot already'));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "3", null]) {
      expect(() => take([{ id: "IM-01", value }])).toThrow(
        problems(expect.stringMatching(/^metrics\.0\.value: /)),
      );
    }
    expect(() => take([])).toThrow(problems(expect.stringMatching(/^metrics: /)));
  });

  test("has no negative zero, which not every backend keeps", () => {
    expect(Object.is(take([{ id: "IM-01", value: -0 }]).metrics[0]?.value, 0)).toBe(true);
  });
});
