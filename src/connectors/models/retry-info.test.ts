import { expect, test } from "vitest";
import { retryInfoMs } from "./retry-info.ts";

const withDetails = (...details: readonly object[]): string =>
  JSON.stringify({ error: { code: 429, details } });

test.each([
  [withDetails({ retryDelay: "2s" }), 2_000],
  [withDetails({ violations: [] }, { retryDelay: "0.0301s" }), 31],
  [withDetails({ retryDelay: "soon" }, { retryDelay: "1s" }), 1_000],
])("a wait is read from %s", (body, ms) => {
  expect(retryInfoMs(body)).toBe(ms);
});

test.each([undefined, "", "<html>", "{}", withDetails(), withDetails({ retryDelay: "-1s" })])(
  "%s asks for no wait",
  (body) => {
    expect(retryInfoMs(body)).toBeUndefined();
  },
);
