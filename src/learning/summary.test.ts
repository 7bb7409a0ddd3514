import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketStart,
  bucketsOf,
  dayMs,
  hourMs,
  spansOf,
  trendOf,
  weekMs,
  windowBefore,
  windowOf,
} from "./summary.ts";

const at = (text: string): number => Date.parse(text);

describe("a window", () => {
  test("ends with the current hour and is 30 days long where nothing is asked for", () => {
    const now = at("2026-08-01T10:20:30Z");
    expect(windowOf({}, now)).toEqual({
      from: at("2026-07-02T11:00:00Z"),
      to: at("2026-08-01T11:00:00Z"),
    });
  });
  test("holds the hour that begins this very moment", () => {
    expect(windowOf({ hours: 1 }, at("2026-08-01T10:00:00Z"))).toEqual({
      from: at("2026-08-01T10:00:00Z"),
      to: at("2026-08-01T11:00:00Z"),
    });
  });
  test("adds days and hours", () => {
    const { from, to } = windowOf({ days: 2, hours: 3 }, at("2026-08-01T10:00:00Z"));
    expect(to - from).toBe(51 * hourMs);
  });
  test("is ten years long at most", () => {
    const { from, to } = windowOf({ days: 3660 }, at("2026-08-01T10:00:00Z"));
    expect(to - from).toBe(3660 * dayMs);
  });
  test.each([{ days: 0 }, { hours: -1 }, { days: 1.5 }, { days: 3661 }, { hours: Number.NaN }])(
    "is refused for %j",
    (request) => {
      expect(() => windowOf(request, 0)).toThrow(
        expect.objectContaining({ code: "learning.bad_window" }),
      );
    },
  );
  test("has one of the same length before it", () => {
    expect(windowBefore({ from: 10, to: 14 })).toEqual({ from: 6, to: 10 });
  });
});

const windows = fc
  .tuple(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 1, max: 24 * 20 }))
  .map(([first, hours]) => ({ from: first * hourMs, to: (first + hours) * hourMs }));

describe("spans", () => {
  test("are whole days in the middle and hours at the edges", () => {
    const window = { from: 23 * hourMs, to: 2 * dayMs + hourMs };
    expect(spansOf(window)).toEqual([
      { grain: "hour", from: 23 * hourMs, to: dayMs },
      { grain: "day", from: dayMs, to: 2 * dayMs },
      { grain: "hour", from: 2 * dayMs, to: 2 * dayMs + hourMs },
    ]);
  });
  test("are hours only where no whole day is in the window", () => {
    const window = { from: hourMs, to: 2 * dayMs - hourMs };
    expect(spansOf(window)).toEqual([{ grain: "hour", ...window }]);
  });
  test("cover their window without a gap, in at most 46 hours and otherwise days", () => {
    fc.assert(
      fc.property(windows, (window) => {
        const spans = spansOf(window);
        let reached = window.from;
        let hours = 0;
        for (const { grain, from, to } of spans) {
          expect(from).toBe(reached);
          expect(to).toBeGreaterThan(from);
          if (grain === "hour") hours += (to - from) / hourMs;
          else expect([from % dayMs, to % dayMs]).toEqual([0, 0]);
          reached = to;
        }
        expect(reached).toBe(window.to);
        expect(hours).toBeLessThanOrEqual(46);
      }),
    );
  });
});

describe("a series", () => {
  test("has every day, cut at the edges", () => {
    const window = { from: at("2026-02-27T22:00:00Z"), to: at("2026-03-01T02:00:00Z") };
    expect(bucketsOf(window, "day").map(({ label }) => label)).toEqual([
      "2026-02-27",
      "2026-02-28",
      "2026-03-01",
    ]);
    expect(bucketsOf(window, "day")[0]).toEqual({
      label: "2026-02-27",
      start: at("2026-02-27T00:00:00Z"),
      from: window.from,
      to: at("2026-02-28T00:00:00Z"),
    });
  });
  // Weeks and years as ISO 8601 has them; 2020 and 2026 have 53.
  test.each([
    ["2018-12-31", "2019-W01"],
    ["2020-12-31", "2020-W53"],
    ["2021-01-03", "2020-W53"],
    ["2021-01-04", "2021-W01"],
    ["2024-02-29", "2024-W09"],
    ["2026-08-01", "2026-W31"],
    ["1970-01-01", "1970-W01"],
  ])("puts %s into week %s", (day, week) => {
    const from = at(`${day}T00:00:00Z`);
    const [bucket, ...others] = bucketsOf({ from, to: from + dayMs }, "week");
    expect(bucket?.label).toBe(week);
    expect(others).toEqual([]);
    expect(new Date(bucket?.start ?? 0).getUTCDay()).toBe(1);
  });
  test("follows on without a gap from one end of the window to the other", () => {
    fc.assert(
      fc.property(windows, fc.constantFrom("day" as const, "week" as const), (window, by) => {
        const buckets = bucketsOf(window, by);
        let reached = window.from;
        for (const { from, to, start } of buckets) {
          expect(from).toBe(reached);
          expect(to).toBeGreaterThan(from);
          expect(from - start).toBeLessThan(by === "day" ? dayMs : weekMs);
          reached = to;
        }
        expect(reached).toBe(window.to);
        expect(new Set(buckets.map(({ label }) => label)).size).toBe(buckets.length);
      }),
    );
  });
});

test("a bucket begins with its UTC hour or day", () => {
  const time = at("2026-08-01T10:20:30.123Z");
  expect(bucketStart(time, "hour")).toBe(at("2026-08-01T10:00:00Z"));
  expect(bucketStart(time, "day")).toBe(at("2026-08-01T00:00:00Z"));
});

test("a trend says by how much and which way", () => {
  expect(trendOf(1, 3)).toEqual({ delta: 2, direction: "up" });
  expect(trendOf(3, 1)).toEqual({ delta: -2, direction: "down" });
  expect(trendOf(2, 2)).toEqual({ delta: 0, direction: "stable" });
});
