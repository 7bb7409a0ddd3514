import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { momentOf, spanOf } from "./moment.ts";
import { utc } from "./text.ts";

const now = Date.UTC(2026, 10, 22, 6, 30, 15, 250);

describe("a time", () => {
  test.each([
    ["90m", "2026-11-22T05:00:15.250Z"],
    ["12h", "2026-11-21T18:30:15.250Z"],
    ["7d", "2026-11-15T06:30:15.250Z"],
    ["2w", "2026-11-08T06:30:15.250Z"],
    ["2026-11-01", "2026-11-01T00:00:00.000Z"],
    ["2026-11-01T12:30", "2026-11-01T12:30:00.000Z"],
    ["2026-11-01 12:30:05", "2026-11-01T12:30:05.000Z"],
    ["2026-11-01T12:30:05Z", "2026-11-01T12:30:05.000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["999999w", "1970-01-01T00:00:00.000Z"],
  ])("is understood as %s", (text, expected) => {
    expect(new Date(momentOf("--since", text, now)).toISOString()).toBe(expected);
  });

  test.each([
    "",
    "7",
    "d",
    "-7d",
    "7 d",
    "7y",
    "2026-13-01",
    "2025-02-29",
    "2026-11-01T24:01",
    "1",
  ])("is not %j", (text) => {
    expect(() => momentOf("--since", text, now)).toThrow(
      expect.objectContaining({ code: "cli.usage", message: expect.stringContaining(text) }),
    );
  });

  test("that a list shows is understood, to the second", () => {
    const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(times, (at) => {
        expect(momentOf("--since", utc(at), now)).toBe(at - (at % 1000));
      }),
    );
  });

  test("is never anything but a time or a wrong word", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(momentOf("--since", text, now)).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({ code: "cli.usage" });
        }
      }),
    );
  });
});

test("a span that ends before it begins is refused", () => {
  expect(spanOf({ since: "2d", until: "1d" }, now)).toEqual({
    since: now - 172_800_000,
    until: now - 86_400_000,
  });
  expect(() => spanOf({ since: "1d", until: "1d" }, now)).toThrow(/--since 1d is not before/);
});
