import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import type { Backend } from "../backend.ts";
import { change, rows } from "../program.ts";
import { type CopyReport, copyStore } from "./copy.ts";
import { digestsOf, fillStore, memoryBackend } from "./transfer.fixture.ts";

const clock = manualClock();
const later = 9_000_000_000_000;
let source: Backend;
let target: Backend;

/** A copy that was broken off when all was copied and nothing compared. */
beforeEach(async () => {
  [source, target] = [memoryBackend(), memoryBackend()];
  await fillStore(source, 9);
  const onProgress = ({ phase }: { readonly phase: string }): void => {
    if (phase === "check runs") throw new Error("killed");
  };
  await expect(copyStore({ from: source, to: target, clock, onProgress })).rejects.toThrow(
    "killed",
  );
});
afterEach(async () => {
  await source.close();
  await target.close();
});

const write = (backend: Backend, text: string) => backend.tables.write(() => change(text));
const all = (backend: Backend, text: string) => backend.tables.read(() => rows(text));
const again = (): Promise<CopyReport> => copyStore({ from: source, to: target, clock });
const kept = (table: string, newer: number, undecided: number) => ({ table, newer, undecided });

test("a row that is newer in the target stays, and the report says how many by table", async () => {
  await write(target, `UPDATE signals SET state = 'resolved', state_at = ${later} WHERE seq = 2`);
  await write(
    target,
    `UPDATE lessons SET body = 'mine', updated_at = ${later} WHERE seq IN (3, 4)`,
  );
  await write(target, "UPDATE audit SET state = 'closed', outcome = 'ok' WHERE seq = 5");
  const before = await digestsOf(target);
  expect(await again()).toMatchObject({
    resumed: true,
    equal: false,
    mended: 0,
    kept: [kept("audit", 1, 0), kept("signals", 1, 0), kept("lessons", 2, 0)],
  });
  expect(await digestsOf(target)).toEqual(before);
});

test("a row that is older in the target is brought up to the source, table by table", async () => {
  for (const text of [
    `UPDATE runs SET outcome = 'done', finished_at = ${later} WHERE seq = 2`,
    "UPDATE audit SET state = 'closed', outcome = 'ok' WHERE seq = 5",
    `UPDATE approvals SET state = 'approved', decided_at = ${later} WHERE seq = 1`,
    `UPDATE durable_runs SET state = 'completed', updated_at = ${later} WHERE seq = 1`,
    "UPDATE durable_messages SET taken_by = 4 WHERE seq = 1",
    "UPDATE signals SET occurrences = occurrences + 1 WHERE seq = 4",
    "UPDATE signals SET intake_id = 'RI-1' WHERE seq = 1",
    `UPDATE intakes SET state = 'triaged', updated_at = ${later} WHERE seq = 3`,
    "UPDATE signal_class_counts SET occurrences = occurrences + 1 WHERE grain = 'day'",
  ]) {
    await write(source, text);
  }
  expect(await again()).toMatchObject({ equal: true, kept: [], onlyInTarget: 0 });
  expect(await digestsOf(target)).toEqual(await digestsOf(source));
});

test("where nothing says which row is the later one, the target's stays and is reported", async () => {
  await write(source, "UPDATE budgets SET used_calls = 700 WHERE id LIKE '%1'");
  await write(source, "UPDATE runs SET task = 'other words' WHERE seq = 3");
  // Both were worked on since.
  await write(source, `UPDATE signals SET last_seen_at = ${later} WHERE seq = 5`);
  await write(target, `UPDATE signals SET state_at = ${later} WHERE seq = 5`);
  const before = await digestsOf(target);
  const report = await again();
  expect(report).toMatchObject({
    equal: false,
    mended: 0,
    kept: [kept("runs", 0, 1), kept("budgets", 0, 1), kept("signals", 0, 1)],
  });
  expect(await digestsOf(target)).toEqual(before);
});

test("another record under the number of one of the source's is not written over", async () => {
  const insert = (id: string) =>
    `INSERT INTO lessons (seq, tenant, id, event_type, state, recorded_at, updated_at, body)
     VALUES (30, 'a', '${id}', 'success', 'open', 1, ${id.length}, '${id}')`;
  await write(target, insert("mine"));
  await write(source, insert("of the source"));
  expect(await again()).toMatchObject({ equal: false, kept: [kept("lessons", 0, 1)] });
  expect(await all(target, "SELECT id FROM lessons WHERE seq = 30")).toEqual([{ id: "mine" }]);
  // Nor is it lost without a word where the target has the record under another number.
  await write(target, "UPDATE lessons SET seq = 40 WHERE seq = 30");
  await write(source, "UPDATE lessons SET id = 'mine' WHERE seq = 30");
  expect(await again()).toMatchObject({ onlyInTarget: 1, kept: [kept("lessons", 0, 1)] });
});

test("counts that know signals of the target's own stay, however much the source has counted", async () => {
  const signal = {
    type: "bug",
    severity: "high",
    summary: "Something of our own happened here",
    details: "",
    source: "here",
    context: {},
  } as const;
  await target.tenant("a").signals.record(signal, { dedupeWindowMs: 0 });
  await write(source, "UPDATE signal_class_counts SET signals = signals + 5, occurrences = 90");
  const before = await all(target, "SELECT * FROM signal_class_counts ORDER BY 1, 2, 3, 4, 5");
  const report = await again();
  expect(report.kept.map(({ table }) => table)).toContain("signal_class_counts");
  expect(await all(target, "SELECT * FROM signal_class_counts ORDER BY 1, 2, 3, 4, 5")).toEqual(
    before,
  );
});

describe("a run that was parked", () => {
  test("and has gone on in the target is not parked again", async () => {
    const park = "UPDATE runs SET state = 'parked', finished_at = 5 WHERE seq = 2";
    await write(source, park);
    await write(target, "UPDATE runs SET state = 'running', finished_at = NULL WHERE seq = 2");
    expect(await again()).toMatchObject({ kept: [kept("runs", 0, 1)] });
    expect(await all(target, "SELECT state FROM runs WHERE seq = 2")).toEqual([
      { state: "running" },
    ]);
  });
});
