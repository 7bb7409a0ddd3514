import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { checkAuditFile, exportAuditTo } from "../../src/engine.ts";
import { removeEvaluations } from "../../src/engine/retention-files.ts";
import { newAlert, newEntry } from "../../src/store/conformance/alerts.cases.ts";
import { runInProcess } from "../support/cli.ts";
import { decideEffort, paidModel } from "../support/decisions.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { type TestEngine, testEngine, testHost } from "../support/engine.ts";
import { tasksIn } from "../support/tasks.ts";
import { startTraceCollector } from "../support/trace-collector.ts";

grantTests("a collector of traces, and trials on the host", { connect: loopback, spawn: true });

const dayMs = 86_400_000;
const engines: TestEngine[] = [];
let ahead = 0;
afterEach(async () => {
  ahead = 0;
  for (const made of engines.splice(0)) await made.engine.close();
});

const usual = testHost("").clock;
/** The machine's clock, days ahead. */
const clock = { ...usual, now: () => usual.now() + ahead * dayMs };

function opened(settings: Readonly<Record<string, JsonValue>>, folder?: string): TestEngine {
  const made = testEngine(settings, folder, {}, { clock });
  engines.push(made);
  return made;
}

async function closed(made: TestEngine): Promise<void> {
  engines.splice(engines.indexOf(made), 1);
  await made.engine.close();
}

const append = { name: "append_line", arguments: { path: "notes.txt", line: "one" } };
const turns = [{ tool_calls: [append] }, { text: "Done." }];
const both = { "retention.audit": 30, "retention.runs": 30 };

/** Every sum of the metrics, by its line. */
async function sumsOf({ engine }: TestEngine): Promise<ReadonlyMap<string, number>> {
  const text = await engine.metrics.text();
  return new Map(
    text
      .split("\n")
      .filter((line) => /^[a-z0-9_]+_(total|count|sum|bucket)(\{| )/.test(line))
      .map((line) => {
        const end = line.lastIndexOf(" ");
        return [line.slice(0, end), Number(line.slice(end + 1))];
      }),
  );
}

async function expectNotFallen(
  made: TestEngine,
  before: ReadonlyMap<string, number>,
): Promise<void> {
  const after = await sumsOf(made);
  const fallen = [...before].filter(([line, value]) => (after.get(line) ?? 0) < value);
  expect(fallen).toEqual([]);
}

/** A store with a run and calls of before, and some of forty days later. */
async function aged(settings: Readonly<Record<string, JsonValue>>) {
  const first = opened(settings);
  const old = await first.run(turns);
  const principal = { tenant: "default", user: "local" };
  for (const micro of [17, 1_000_003]) await paidModel(first.engine).call(micro, { principal });
  await first.engine.learning.catchUp();
  await closed(first);
  ahead = 40;
  const made = opened(settings, first.folder);
  const fresh = await made.run(turns);
  await paidModel(made.engine).call(5, { principal });
  await made.engine.learning.catchUp();
  return { made, old: old.runId, fresh: fresh.runId };
}

const countsOf = (report: { readonly classes: readonly { class: string; removed: number }[] }) =>
  Object.fromEntries(report.classes.map(({ class: name, removed }) => [name, removed]));

describe("what is too old", () => {
  test("stays where the settings say nothing", async () => {
    const { made, old } = await aged({});
    const report = await made.engine.retention.apply({ dryRun: false });
    expect(countsOf(report)).toEqual({
      runs: 0,
      audit: 0,
      alerts: 0,
      telemetry: 0,
      evaluations: 0,
    });
    expect(made.engine.store.runs.get(old)).toBeDefined();
    expect(await made.engine.audit.check()).toMatchObject({ ok: true, removedUpTo: 0 });
  });

  test("of alerts goes, but for those that fire, with a record of it and a whole audit", async () => {
    const made = opened({ "retention.alerts": 30 });
    const { engine, folder } = made;
    const at = clock.now();
    const rows = engine.store.backend.tenant("default").alerts;
    const over = newAlert("over", { state: "resolved", resolvedAt: at });
    await rows.put(
      [over, newAlert("fires")],
      [newEntry("over", { at }), newEntry("fires", { at })],
    );
    ahead = 40;
    const dry = await engine.retention.apply({ dryRun: true });
    expect(countsOf(dry)).toMatchObject({ alerts: 1 });
    expect((await rows.history()).items).toHaveLength(2);
    const done = await engine.retention.apply({ dryRun: false });
    expect(countsOf(done)).toMatchObject({ alerts: 1, audit: 0, runs: 0 });
    expect((await rows.history()).items.map(({ alertId }) => alertId)).toEqual(["fires"]);
    const noted = engine.store.audit.list({ connector: "engine", limit: 10 }).items;
    expect(noted.map(({ operation }) => operation)).toEqual(["retention.alerts"]);
    expect(await engine.audit.check()).toMatchObject({ ok: true, findings: [] });
    await closed(made);
    const checked = await runInProcess(["store", "verify"], folder);
    expect(checked.code).toBe(0);
  });

  test("goes as a dry run has said, and the audit verifies, alone too, and says that it was cut", async () => {
    const { made, old, fresh } = await aged(both);
    const { engine, folder } = made;
    await engine.audit.settle([]);
    const before = await sumsOf(made);
    const calls = engine.store.audit.list({ runId: old, limit: 1000 }).items.length;
    expect(calls).toBeGreaterThan(2);

    const wished = await engine.retention.apply({ dryRun: true });
    expect(countsOf(wished)).toMatchObject({ runs: 1, audit: expect.any(Number) });
    expect(engine.store.runs.get(old)).toBeDefined();
    expect(engine.store.audit.list({ runId: old }).items.length).toBeGreaterThan(0);

    const done = await engine.retention.apply({ dryRun: false });
    expect(countsOf(done)["runs"]).toBe(1);
    expect(countsOf(done)["audit"]).toBeGreaterThan(2);
    expect(engine.store.runs.get(old)).toBeUndefined();
    expect(engine.store.runLog.read(old)).toEqual([]);
    expect(engine.store.audit.list({ runId: old }).items).toEqual([]);
    expect(engine.store.runLog.read(fresh).length).toBeGreaterThan(3);
    expect(engine.store.audit.list({ runId: fresh, limit: 1000 }).items.length).toBeGreaterThan(2);
    const noted = engine.store.audit.list({ connector: "engine", limit: 10 }).items;
    expect(noted.map(({ operation }) => operation)).toEqual(["retention.audit", "retention.runs"]);

    const verdict = await engine.audit.check();
    expect(verdict).toMatchObject({ ok: true, findings: [] });
    expect(verdict.removedUpTo).toBeGreaterThan(2);
    const file = join(folder, "audit.jsonl");
    await exportAuditTo(engine.audit, file, made.host);
    expect(await checkAuditFile(file, {}, made.host)).toMatchObject({
      ok: true,
      removedUpTo: verdict.removedUpTo,
    });
    await expectNotFallen(made, before);

    // And after a restart without what can be made anew.
    await closed(made);
    rmSync(join(folder, ".agent33/telemetry/metrics.json"), { force: true });
    const again = opened(both, folder);
    await expectNotFallen(again, before);
    expect(await again.engine.audit.check()).toMatchObject({ ok: true });
    // Once more, later: the new beginning is cut as well.
    ahead = 90;
    await again.run(turns);
    await again.engine.learning.catchUp();
    await again.engine.retention.apply({ dryRun: false });
    const later = await again.engine.audit.check();
    expect(later).toMatchObject({ ok: true });
    expect(later.removedUpTo).toBeGreaterThan(verdict.removedUpTo);
    await expectNotFallen(again, before);
  });

  test("is not taken from the sums of another engine that had not read it", async () => {
    const { made } = await aged(both);
    const other = opened(both, made.folder);
    const before = await sumsOf(made);
    const late = await sumsOf(other);
    expect(late).toEqual(before);
    // The other one falls behind, and what it has not read goes.
    const principal = { tenant: "default", user: "local" };
    await paidModel(made.engine).call(9, { principal });
    decideEffort(made.engine, "between");
    await closed(made);
    ahead = 80;
    const third = opened(both, made.folder);
    await third.engine.learning.catchUp();
    // The newest signed place stays until something comes after it.
    await paidModel(third.engine).call(3, { principal });
    const whole = await sumsOf(third);
    expect(
      countsOf(await third.engine.retention.apply({ dryRun: false }))["audit"],
    ).toBeGreaterThan(5);
    await expectNotFallen(other, whole);
  });

  test("that somebody else removed is found: a signed place alone is no leave", async () => {
    const { made } = await aged(both);
    await made.engine.audit.settle(["default"]);
    const { auditChain } = made.engine.store.backend.tenant("default");
    const [place] = await auditChain.checkpoints();
    expect(await auditChain.cut(place?.position ?? 0)).toBeGreaterThan(2);
    const verdict = await made.engine.audit.check();
    expect(verdict.ok).toBe(false);
    expect(verdict.findings).toContainEqual(
      expect.objectContaining({
        kind: "removed",
        message: expect.stringContaining("no record of the audit says that they were removed"),
      }),
    );
  });

  test("stays while a run goes on, while nothing was learned of it, and while an export is behind", async () => {
    const pack = `pack: careful
version: 1
description: asks before anything is written
default: allow
rules:
  - { id: writes, ask: { connector: "tool:workspace" }, reason: Writing needs a person. }
`;
    const first = opened({});
    writeFileSync(join(first.folder, "careful.yaml"), pack);
    await closed(first);
    const careful = { ...both, "policy.packs": ["careful"], "policy.files": ["careful.yaml"] };
    const asking = opened(careful, first.folder);
    const { runId } = await asking.run(turns);
    await closed(asking);
    ahead = 40;
    const made = opened(careful, first.folder);
    await made.run([{ text: "Done." }]);
    const report = await made.engine.retention.apply({ dryRun: false });
    expect(countsOf(report)).toMatchObject({ runs: 0, audit: 0 });
    expect(made.engine.store.runs.get(runId)).toMatchObject({ state: "parked" });
    await closed(made);

    ahead = 0;
    const collector = await startTraceCollector();
    await collector.stop();
    const exporting = { ...both, "telemetry.otlp.url": collector.url };
    const { made: away } = await aged(exporting);
    const held = await away.engine.retention.apply({ dryRun: false });
    expect(countsOf(held)).toMatchObject({ runs: 0, audit: 0 });
    expect(held.classes.flatMap(({ kept }) => kept).join("\n")).toContain("has not handed over");
    await collector.start();
    await expect
      .poll(
        () =>
          away.engine.telemetry.look().then(
            () => true,
            () => false,
          ),
        {
          timeout: 45_000,
          interval: 1_000,
        },
      )
      .toBe(true);
    expect(countsOf(await away.engine.retention.apply({ dryRun: false }))).toMatchObject({
      runs: 1,
    });
    await closed(away);
    await collector.stop();
  }, 90_000);
});

test("what was removed stays removed where a lost store is made again of its backup and its journal", async () => {
  const { made, old, fresh } = await aged(both);
  const data = join(made.folder, ".agent33");
  await made.engine.audit.settle([]);
  const ask = (...words: readonly string[]) =>
    runInProcess(["store", ...words, "--data", data], made.folder);
  await closed(made);
  expect((await ask("backup")).code).toBe(0);
  const again = opened(both, made.folder);
  const before = await sumsOf(again);
  expect(countsOf(await again.engine.retention.apply({ dryRun: false }))).toMatchObject({
    runs: 1,
  });
  await closed(again);
  for (const end of ["", "-wal", "-shm"]) rmSync(join(data, `agent33.db${end}`), { force: true });
  expect((await ask("recover")).code).toBe(0);
  const recovered = opened(both, made.folder);
  expect(recovered.engine.store.runs.get(old)).toBeUndefined();
  expect(recovered.engine.store.runs.get(fresh)).toBeDefined();
  const verdict = await recovered.engine.audit.check();
  expect(verdict).toMatchObject({ ok: true, findings: [] });
  expect(verdict.removedUpTo).toBeGreaterThan(2);
  await expectNotFallen(recovered, before);
});

test("jobs of evaluations go when they are old and done; one that can go on stays, and so does what is no job", async () => {
  const { folder } = opened({});
  tasksIn(folder, { one: {} });
  const evaluate = (job: string) =>
    runInProcess(
      `eval run tasks --environment host --data data --no-oracle-gate --job ${job} --command`
        .split(" ")
        .concat("works=sh -c 'echo yes > done'"),
      folder,
    );
  for (const job of ["done", "open", "fresh"]) expect((await evaluate(job)).code).toBe(0);
  const jobs = join(folder, "jobs");
  const age = (job: string): void => {
    const past = (clock.now() - 40 * dayMs) / 1000;
    for (const name of readdirSync(join(jobs, job))) utimesSync(join(jobs, job, name), past, past);
    utimesSync(join(jobs, job), past, past);
  };
  const [trial = ""] = readdirSync(join(jobs, "open")).filter((name) => name.includes("__"));
  rmSync(join(jobs, "open", trial, "result.json"));
  mkdirSync(join(jobs, "notes"));
  for (const job of ["done", "open", "notes"]) age(job);
  const before = clock.now() - 30 * dayMs;
  const wished = await removeEvaluations(jobs, before, true);
  expect(wished).toEqual({
    removed: 1,
    kept: [expect.stringContaining("jobs that are not done: 1;")],
  });
  expect(readdirSync(jobs)).toContain("done");
  expect(await removeEvaluations(jobs, before, false)).toEqual(wished);
  expect(readdirSync(jobs).toSorted()).toEqual(["fresh", "notes", "open"]);
  expect(await removeEvaluations(join(folder, "none"), before, false)).toMatchObject({
    removed: 0,
  });
});

test("files of telemetry are begun anew each day, hold each line once in all, and go when they are old", async () => {
  const settings = { "telemetry.jsonl": "told/told.jsonl", "retention.telemetry": 30 };
  const first = opened(settings);
  await first.run(turns);
  await first.engine.telemetry.look();
  expect(countsOf(await first.engine.retention.apply({ dryRun: false }))["telemetry"]).toBe(0);
  ahead = 2;
  await first.run(turns);
  await first.engine.telemetry.look();
  await first.engine.retention.apply({ dryRun: false });
  await first.run(turns);
  await first.engine.telemetry.look();
  const folder = join(first.folder, "told");
  const files = readdirSync(folder).toSorted();
  expect(files).toEqual([expect.stringMatching(/^told\.\d{8}T\d{9}Z\.jsonl$/), "told.jsonl"]);
  const ids = files.flatMap((name) =>
    readFileSync(join(folder, name), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id),
  );
  const asked = first.engine.store.audit.list({ limit: 1000 }).items.map(({ callId }) => callId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(asked.filter((id) => !ids.includes(id))).toEqual([]);
  writeFileSync(join(folder, "told.notes.jsonl"), "somebody else's");
  ahead = 31;
  expect(countsOf(await first.engine.retention.apply({ dryRun: true }))["telemetry"]).toBe(0);
  ahead = 33;
  expect(countsOf(await first.engine.retention.apply({ dryRun: false }))["telemetry"]).toBe(1);
  expect(readdirSync(folder)).not.toContain(files[0]);
  expect(readdirSync(folder)).toContain("told.notes.jsonl");
});

test("folders of runs and contents of workspaces go with the last run that has them", async () => {
  const { made, old, fresh } = await aged(both);
  const runs = join(made.engine.dataDir, "runs");
  const contents = join(made.engine.dataDir, "kept/ab");
  const digest = `ab${"0".repeat(62)}`;
  mkdirSync(contents, { recursive: true });
  writeFileSync(join(contents, digest), "nobody's");
  mkdirSync(join(runs, "gone"), { recursive: true });
  const past = (clock.now() - 41 * dayMs) / 1000;
  for (const path of [join(contents, digest), join(runs, "gone"), join(runs, old)]) {
    if (existsSync(path)) utimesSync(path, past, past);
  }
  await made.engine.retention.apply({ dryRun: false });
  expect(existsSync(join(contents, digest))).toBe(false);
  expect(existsSync(join(runs, "gone"))).toBe(false);
  expect(existsSync(join(runs, old))).toBe(false);
  expect(existsSync(join(runs, fresh))).toBe(true);
});

test("it is done by itself as often as the settings say, and by one process at a time", async () => {
  const { made, old } = await aged({ ...both, "retention.everyHours": 12 });
  await made.engine.retention.schedule.look();
  expect(made.engine.store.runs.get(old)).toBeUndefined();
  const records = () => made.engine.store.audit.list({ connector: "engine" }).items.length;
  const before = records();
  ahead = 90;
  await made.engine.retention.schedule.look();
  expect(records()).toBeGreaterThan(before);
  const after = records();
  ahead = 90.4;
  await made.engine.retention.schedule.look();
  expect(records()).toBe(after);
  const [one, two] = await Promise.allSettled([
    made.engine.retention.apply({ dryRun: false }),
    made.engine.retention.apply({ dryRun: false }),
  ]);
  expect([one?.status, two?.status].toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(
    one?.status === "rejected" ? one.reason : two?.status === "rejected" && two.reason,
  ).toMatchObject({
    code: "engine.retention_running",
  });
});

test("the command says what would go and what went, and refuses days that are none", async () => {
  const made = opened({});
  await made.run(turns);
  await closed(made);
  const ask = (days: string, ...words: readonly string[]) =>
    runInProcess(
      ["store", "retention", ...words, "--data", join(made.folder, ".agent33")],
      made.folder,
      {
        AGENT33_RETENTION_AUDIT: days,
      },
    );
  expect((await ask("keep", "--dry-run")).stdout).toContain("Nothing is removed: set days");
  const dry = await ask("1", "--dry-run");
  expect(dry.stdout).toMatch(/audit +1 days +0 records/);
  expect(JSON.parse((await ask("1", "--json")).stdout)).toMatchObject({ dryRun: false });
  for (const days of ["0", "-1", "1.5", "soon", "40000"]) {
    const wrong = await ask(days, "--dry-run");
    expect(wrong.code, days).toBe(64);
    expect(wrong.stderr).toContain("retention.audit: Must be keep or whole days, 1 to 9999");
  }
});
