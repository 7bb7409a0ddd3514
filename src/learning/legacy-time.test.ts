import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLegacyTime } from "./legacy-time.ts";

test("reads every moment as Python writes it, in every zone", () => {
  const time = fc.integer({ min: 14 * 3_600_000, max: 4_000_000_000_000 });
  const minutes = fc.integer({ min: -14 * 60, max: 14 * 60 });
  fc.assert(
    fc.property(time, minutes, (at, offset) => {
      const local = new Date(at + offset * 60_000).toISOString();
      const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0");
      const rest = String(Math.abs(offset) % 60).padStart(2, "0");
      const zone = `${offset < 0 ? "-" : "+"}${hours}:${rest}`;
      const text = local.replace("Z", `123${zone}`);
      expect(parseLegacyTime(text)).toEqual({ at, naive: false });
      expect(parseLegacyTime(text.replace("T", " "))).toEqual({ at, naive: false });
    }),
  );
});

test("reads a time without a zone as UTC and says so", () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  expect(parseLegacyTime("2026-01-02T03:04:05")).toEqual({ at, naive: true });
  expect(parseLegacyTime("2026-01-02T03:04:05Z")).toEqual({ at, naive: false });
  expect(parseLegacyTime("2026-01-02T03:04:05.5")).toEqual({ at: at + 500, naive: true });
  expect(parseLegacyTime("2026-01-02T03:04")).toEqual({ at: at - 5000, naive: true });
  expect(parseLegacyTime("2026-01-02")).toEqual({ at: Date.UTC(2026, 0, 2), naive: true });
});

test.each([
  "",
  "now",
  "2026-02-29T00:00:00Z",
  "2026-13-01",
  "2026-00-10",
  "2026-01-01T24:00:00",
  "2026-01-01T00:60:00",
  "2026-01-01T00:00:60",
  "1969-12-31T23:59:59Z",
  "0050-01-01",
  "2026-01-01T00:00:00+25:00",
  "2026-01-01T00:00:00 UTC",
  "2026-1-1",
  "1767225600",
])('takes "%s" for no time', (text) => {
  expect(parseLegacyTime(text)).toBeUndefined();
});
