import { expect, test } from "vitest";
import { grantTests, loopback } from "../support/egress.ts";
import { watchOutage } from "../support/outage.ts";

grantTests("is the upstream that fails", { connect: loopback });

const breaker = { minimumAttempts: 5, cooldownMs: 150, maxCooldownMs: 300, probes: 2 } as const;

test("an outage opens the breaker, is probed a little, and ends with the breaker closed", async () => {
  const { phases, transitions, mostProbes } = await watchOutage({
    phases: [
      { name: "well", ms: 300 },
      { name: "slow", ms: 700 },
      { name: "failing", ms: 700 },
      { name: "well", ms: 1_500 },
    ],
    callsPerSecond: 100,
    attemptMs: 150,
    slowMs: 2_000,
    breaker,
  });
  const [before, slow, failing, after] = phases;
  expect(before!.outcomes["ok"]).toBeGreaterThan(before!.calls / 2);
  expect(transitions[0]?.state).toBe("open");
  expect(slow!.outcomes["circuit_open"]).toBeGreaterThan(0);
  // While it is open the upstream sees probes, not the load.
  expect(failing!.outcomes["circuit_open"]).toBeGreaterThan(failing!.calls / 2);
  expect(failing!.reached).toBeLessThan(failing!.calls / 2);
  expect(mostProbes).toBeLessThanOrEqual(breaker.probes);
  expect(transitions.at(-1)?.state).toBe("closed");
  expect(after!.outcomes["ok"]).toBeGreaterThan(0);
});
