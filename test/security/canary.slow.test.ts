import { expect, test } from "vitest";
import { canaryRound } from "../support/canary/canary.ts";
import { grantTests, loopback } from "../support/egress.ts";

grantTests("starts the program and whom it talks to", { spawn: true, connect: loopback });

test("secrets that went through every surface are found nowhere", async () => {
  const { leaks, faults, places, answers } = await canaryRound();
  expect(leaks).toEqual([]);
  expect(faults).toEqual([]);
  expect(places).toBeGreaterThan(200);
  expect(answers).toBeGreaterThan(100);
}, 300_000);
