import { expect, test } from "vitest";
import { testBoundary, testPrincipal } from "../../../test/support/boundary.ts";
import { read, spec, writeOnce } from "../../../test/support/connector.ts";
import { manualClock } from "../../base/clock.ts";
import type { CallFacts, ConnectorSpec } from "../types.ts";
import { compilePolicy } from "./compile.ts";
import { loadPacks } from "./load.ts";

/** Calls under one shipped pack; gives the rule that refused, or "ok". */
function under(
  pack: string,
  extra: Partial<ConnectorSpec<string, string, string>>,
  facts: CallFacts,
) {
  const clock = manualClock(1_000_000);
  const parts = testBoundary({ clock, policy: compilePolicy(loadPacks({ select: [pack] })) });
  const connector = parts.boundary.connector(spec(() => Promise.resolve("ok"), facts, extra));
  const call = async (runId: string, logicalCallId: string, user = "ada") => {
    const principal = { ...testPrincipal, user };
    const outcome = await connector.tryCall("x", { principal, runId, logicalCallId });
    return outcome.ok ? "ok" : (outcome.error.ruleId ?? outcome.error.code);
  };
  return { ...parts, clock, call };
}

test("model-budget ends a run's, a user's and a tenant's spending", async () => {
  const spend = { tokens: 100_000, costMicroUsd: 4_000_000 };
  const { call, clock } = under(
    "model-budget",
    { id: "model:local", estimate: () => spend, measure: () => spend },
    { ...read, operation: "chat", host: "localhost" },
  );
  expect(await call("run-0", "a")).toBe("ok");
  expect(await call("run-0", "b")).toBe("ok");
  expect(await call("run-0", "c")).toBe("model-budget/cost-per-run");
  for (let run = 1; run <= 10; run += 1) expect(await call(`run-${run}`, "a")).toBe("ok");
  expect(await call("run-11", "a")).toBe("model-budget/cost-per-user-and-day");
  for (let user = 0; user < 50; user += 1) {
    expect(await call(`of-${user}`, "a", `user-${user}`)).toBe("ok");
  }
  expect(await call("run-12", "a", "eve")).toBe("model-budget/cost-per-tenant-and-day");
  clock.advance(86_400_001);
  expect(await call("run-12", "a", "eve")).toBe("ok");
});

test("model-budget counts models without a price by their tokens", async () => {
  const { call } = under(
    "model-budget",
    {
      id: "model:local",
      estimate: () => ({ tokens: 2_500_000 }),
      measure: () => ({ tokens: 2_500_000 }),
    },
    { ...read, operation: "chat", host: "localhost" },
  );
  expect(await call("run-0", "a")).toBe("ok");
  expect(await call("run-0", "b")).toBe("ok");
  expect(await call("run-0", "c")).toBe("model-budget/tokens-per-run");
});

test("messaging-outbound asks about each message, and ends a run's messages without asking", async () => {
  const { call, approvals } = under(
    "messaging-outbound",
    { id: "messaging:hook" },
    { ...writeOnce, operation: "message.send" },
  );
  for (let message = 1; message <= 20; message += 1) {
    expect(await call("run-0", `m${message}`)).toBe("default/messages-ask");
    approvals.decide(`approval-${message}`, "approved");
    expect(await call("run-0", `m${message}`)).toBe("ok");
  }
  expect(await call("run-0", "m21")).toBe("messaging-outbound/messages-per-run");
  expect(approvals.stateOf("approval-21")).toBeUndefined();
});
