import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, systemClock } from "../base/clock.ts";
import { loadConfig } from "../config/config.ts";
import { type LastCheck, readLastCheck } from "../store/last-check.ts";
import { newRun } from "../store/store.fixture.ts";
import { openStore } from "../store/store.ts";
import { testHost } from "../../test/support/engine.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import type { RecurringWork } from "./recurring-work.ts";
import { scheduleChecks } from "./check-schedule.ts";
import { upkeepFindings } from "./doctor-store.ts";

const hourMs = 3_600_000;
let cwd = "";
let dataDir = "";
let warnings: string[] = [];
let aheadMs = 0;
let found: LastCheck[] = [];
let schedule: RecurringWork;
const clock: Clock = {
  ...systemClock,
  now: () => systemClock.now() + aheadMs,
  monotonic: () => systemClock.monotonic() + aheadMs,
};
const parts = () => {
  const host = { ...testHost(cwd), warn: (text: string) => warnings.push(text), clock };
  return { host, config: loadConfig({ cwd, env: {}, flags: [] }) };
};

beforeEach(() => {
  warnings = [];
  found = [];
  aheadMs = 0;
  cwd = temporaryFolder("checks");
  dataDir = join(cwd, ".agent33");
  const store = openStore({ dataDir, clock, ids: () => "id", synchronous: "normal" });
  store.tenant("local").runs.create(newRun("marked-run"));
  store.close();
  schedule = scheduleChecks({ ...parts(), dataDir, onDamage: (one) => found.push(one) });
});
afterEach(() => schedule.close());

test("all of the store is read once in a day, and what was found is kept", async () => {
  await schedule.look();
  const first = readLastCheck(dataDir);
  expect(first).toMatchObject({ sound: true, rows: 1, problems: [] });
  aheadMs = 23 * hourMs;
  await schedule.look();
  expect(readLastCheck(dataDir)).toEqual(first);
  aheadMs = 25 * hourMs;
  await schedule.look();
  expect(readLastCheck(dataDir)?.at).toBeGreaterThan(first?.at ?? 0);
  expect(warnings).toEqual([]);
  expect(found).toEqual([]);
});

test("damage that a start does not see is told of", async () => {
  const path = join(dataDir, "agent33.db");
  const bytes = readFileSync(path);
  bytes.write("?", bytes.indexOf("Add the numbers"));
  writeFileSync(path, bytes);
  await schedule.look();
  expect(readLastCheck(dataDir)).toMatchObject({ sound: false });
  expect(warnings).toMatchObject([expect.stringContaining("agent33 store recover")]);
  expect(found).toEqual([readLastCheck(dataDir)]);
});

test("the doctor says how old the last check and the newest backup are, and warns of old ones", async () => {
  const findings = () => {
    const { config, host } = parts();
    return upkeepFindings(config, host);
  };
  expect(findings()).toMatchObject([
    { what: "full check", state: "ok", detail: expect.stringContaining("none yet") },
    { what: "backup", state: "ok", detail: expect.stringContaining("none yet") },
  ]);
  await schedule.look();
  aheadMs = 3 * hourMs;
  expect(findings()[0]).toMatchObject({ state: "ok", detail: "the last one 3 hours ago" });
  aheadMs = 8 * 24 * hourMs;
  expect(findings()).toMatchObject([
    { what: "full check", state: "warn", detail: "the last one 8 days ago" },
    { what: "backup", state: "warn", fix: "Make one: agent33 store backup" },
  ]);
});
