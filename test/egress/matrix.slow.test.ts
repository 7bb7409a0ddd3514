import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { grantTests } from "../support/egress.ts";
import { probes } from "./probes/all.ts";
import type { ProbeReport } from "./probes/probe.ts";
import { matrixTable, runProbes } from "./probes/run.ts";

grantTests("starts the processes that the ways out are tried in", { spawn: true });

let reports: ReadonlyMap<string, ProbeReport>;
beforeAll(async () => {
  reports = await runProbes();
}, 120_000);

test("there are as many ways out as there should be, each with a name of its own", () => {
  expect(probes.length).toBeGreaterThan(60);
  expect(new Set(probes.map(({ name }) => name)).size).toBe(probes.length);
});

const cases = probes.map(({ name, expect: expected = {} }) => {
  const { outside = "refused", inside = "through" } = expected;
  return [name, outside, inside] as const;
});

describe("outside of a call and inside", () => {
  test.each(cases)("%s is %s, and %s", (name, outside, inside) => {
    expect(reports.get(name)).toEqual({ outside, inside });
  });
});

test("the page shows the table (else run: node test/egress/matrix-main.ts --write)", () => {
  const page = new URL("../../docs/verification/egress-guard.md", import.meta.url);
  expect(readFileSync(page, "utf8")).toContain(`\n${matrixTable(reports)}\n`);
});

test("what gets through has its reason in the page", () => {
  const unexplained = probes.filter(
    ({ expect: expected, because }) => expected !== undefined && (because ?? "").length < 5,
  );
  expect(unexplained).toEqual([]);
});
