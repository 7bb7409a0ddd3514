import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHttpDate } from "./http-date.ts";

const now = Date.UTC(2026, 5, 1);
// RFC 9110's own example, in its three forms.
const example = Date.UTC(1994, 10, 6, 8, 49, 37);

describe("HTTP dates", () => {
  test.each([
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  ])("%s is read", (text) => expect(parseHttpDate(text, now)).toBe(example));

  test("what JavaScript writes is read back, in all three forms", () => {
    const names = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    const seconds = fc.integer({ min: Date.UTC(1980, 0) / 1000, max: Date.UTC(2075, 0) / 1000 });
    fc.assert(
      fc.property(seconds, (second) => {
        const date = new Date(second * 1000);
        const text = date.toUTCString();
        const [, day = "", month = "", year = "", time = ""] = text.split(" ");
        const old = `${names[date.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
        const asctime = `${text.slice(0, 3)} ${month} ${day.replace(/^0/, " ")} ${time} ${year}`;
        expect(parseHttpDate(text, now)).toBe(second * 1000);
        expect(parseHttpDate(old, now)).toBe(second * 1000);
        expect(parseHttpDate(asctime, now)).toBe(second * 1000);
      }),
    );
  });

  test("a two-digit year is never more than fifty years ahead", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), (year) => {
        const text = `Friday, 15-May-${String(year).padStart(2, "0")} 00:00:00 GMT`;
        const read = new Date(parseHttpDate(text, now) ?? Number.NaN).getUTCFullYear();
        expect(read % 100).toBe(year);
        expect(read).toBeGreaterThan(2026 - 50);
        expect(read).toBeLessThanOrEqual(2026 + 50);
      }),
    );
  });

  test("a leap second is read as the second before it", () => {
    expect(parseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT", now)).toBe(
      Date.UTC(2016, 11, 31, 23, 59, 59),
    );
  });

  test.each([
    "",
    "120",
    "2026-01-01T00:00:00Z",
    "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 31 Feb 2026 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
  ])("%j is no date", (text) => expect(parseHttpDate(text, now)).toBeUndefined());

  test("any other text is no date, and no exception", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        expect(parseHttpDate(text, now)).toBeUndefined();
      }),
    );
  });
});
