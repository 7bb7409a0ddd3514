import { expect, test } from "vitest";
import type { RunOutcome, StopReason } from "./event.ts";
import { failureOfRun } from "./run-failure.ts";

const error = (code: string) => ({ code, message: "It failed.", retryable: false });

test.each<readonly [RunOutcome, StopReason, string | undefined]>([
  ["verified", { reason: "done" }, undefined],
  ["unverified", { reason: "limit", limit: "steps", allowed: 3 }, undefined],
  ["cancelled", { reason: "cancelled" }, undefined],
  ["refuted", { reason: "done" }, "F-VAL"],
  ["refuted", { reason: "limit", limit: "cost", allowed: 1 }, "F-RES"],
  ["failed", { reason: "limit", limit: "time", allowed: 1 }, "F-TMO"],
  ["failed", { reason: "stuck", kind: "repeat", turns: 3, evidence: [1] }, "F-EXE"],
  ["failed", { reason: "error", error: error("boundary.upstream_5xx") }, "F-DEP"],
  ["failed", { reason: "denied", error: error("boundary.policy_denied") }, "F-SEC"],
])("a run that is %s after %j has the failure %s", (outcome, stop, failure) => {
  expect(failureOfRun({ outcome, stop })).toBe(failure);
});
