import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const now = Date.UTC(2026, 0, 15, 12);
const httpDate = (ms: number) => new Date(ms).toUTCString();

describe("how long a server asks to wait", () => {
  test.each([
    [{}, undefined],
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after": "0.25" }, 250],
    [{ "retry-after-ms": "1500" }, 1500],
    [{ "retry-after-ms": "1500", "retry-after": "2" }, 1500],
    [{ "retry-after-ms": "soon", "retry-after": "2" }, 2000],
    [{ "retry-after": httpDate(now + 9000) }, 9000],
    [{ "retry-after": httpDate(now - 9000) }, 0],
    [{ "retry-after": "-3" }, undefined],
    [{ "retry-after": "soon" }, undefined],
  ] as readonly (readonly [Record<string, string>, number | undefined])[])(
    "%j",
    (headers, expected) => {
      expect(retryAfterMs(headers, now)).toBe(expected);
    },
  );

  test("a date is measured by the server's own clock where it tells the time", () => {
    const serverNow = now + 3_600_000;
    const headers = { date: httpDate(serverNow), "retry-after": httpDate(serverNow + 5000) };
    expect(retryAfterMs(headers, now)).toBe(5000);
  });

  test("the wait is a floor: a fraction of a millisecond is rounded up", () => {
    expect(retryAfterMs({ "retry-after-ms": "10.2" }, now)).toBe(11);
    fc.assert(
      fc.property(fc.nat(86_400), (seconds) => {
        expect(retryAfterMs({ "retry-after": String(seconds) }, now)).toBe(seconds * 1000);
        expect(retryAfterMs({ "retry-after": httpDate(now + seconds * 1000) }, now)).toBe(
          seconds * 1000,
        );
      }),
    );
  });
});
