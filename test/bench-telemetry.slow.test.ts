import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { grantTests } from "./support/egress.ts";

grantTests("starts the benchmark", { spawn: true });

test("the benchmark of telemetry sees all of it handed over, and has a row for each way", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "bench/main.ts",
    "telemetry",
    "--quick",
    "--rounds",
    "1",
    "--json",
  ]);
  const { tables } = JSON.parse(stdout) as {
    tables: { rows: { name: string; figures: Record<string, number> }[] }[];
  };
  expect(tables).toHaveLength(2);
  for (const { rows } of tables) {
    expect(rows.map(({ name }) => name)).toEqual(["off", "metrics", "file", "collector", "all"]);
    expect(rows.every(({ figures }) => (figures["cpu"] ?? 0) > 0)).toBe(true);
  }
}, 60_000);
