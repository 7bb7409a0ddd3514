import { expect, test } from "vitest";
import { refusal } from "./release-api.ts";

const nowMs = 1_000_000_000_000;
const of = (status: number, headers: Record<string, string>, body = "") =>
  refusal("api.github.com", new Response(body, { status, headers }), nowMs, "t0ken");
const secondary = '{"message":"You have exceeded a secondary rate limit. t0ken"}';

test.each([
  [403, { "retry-after": "7" }, "", 7_000],
  [429, { "retry-after": "7" }, "", 7_000],
  [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000000009" }, "", 9_000],
  [429, { "x-ratelimit-reset": "1000000009" }, "", 9_000],
  [403, {}, secondary, 60_000],
  [429, {}, secondary, 60_000],
  // The reset is that of the primary limit, which is not used up.
  [403, { "x-ratelimit-remaining": "4000", "x-ratelimit-reset": "1000003600" }, secondary, 60_000],
  [403, { "retry-after": "5" }, secondary, 5_000],
] as const)("%i with %j is waited for", async (status, headers, body, waitMs) => {
  const error = await of(status, headers, body);
  expect(error).toMatchObject({ code: "boundary.upstream_429", retryAfterMs: waitMs });
  expect(error.message).not.toContain("t0ken");
});

test("other refusals are none of a limit, and are not tried again", async () => {
  const error = await of(403, { "x-ratelimit-remaining": "4000" }, "{}");
  expect(error).toMatchObject({ code: "boundary.upstream_4xx", retryable: false });
});
