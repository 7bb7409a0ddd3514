import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { backedUpStore, keepContent } from "./backup.fixture.ts";
import type { BackupEntry } from "./catalogue.ts";
import { contentPath } from "./contents.ts";
import type { Manifest } from "./manifest.ts";
import { pruneBackups } from "./prune.ts";
import { surplusOf } from "./retention.ts";
import { takeBackup } from "./take.ts";

const quarter = 900_000;
const begin = Date.parse("2026-01-01T00:00:00.000Z");

/** A backup every quarter of an hour for so many, the newest first. */
function everyQuarter(count: number, kind: Manifest["kind"] = "scheduled"): readonly BackupEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(begin + index * quarter).toISOString();
    return { id: at, path: at, manifest: { at, kind } as Manifest };
  }).toReversed();
}

const none = { newest: 1, hours: 0, days: 0, weeks: 0, months: 0 };
const keptOf = (entries: readonly BackupEntry[], keep: typeof none): readonly string[] => {
  const surplus = new Set(surplusOf(entries, keep));
  return entries.filter((entry) => !surplus.has(entry)).map(({ id }) => id.slice(0, 16));
};

test("the last of each hour, day, week and month is kept, as many as are asked for", () => {
  const entries = everyQuarter(4 * 24 * 70);
  expect(keptOf(entries, { ...none, newest: 3 })).toHaveLength(3);
  expect(keptOf(entries, { ...none, hours: 3 })).toEqual([
    "2026-03-11T23:45",
    "2026-03-11T22:45",
    "2026-03-11T21:45",
  ]);
  expect(keptOf(entries, { ...none, days: 2 })).toEqual(["2026-03-11T23:45", "2026-03-10T23:45"]);
  expect(keptOf(entries, { ...none, weeks: 2 })).toEqual(["2026-03-11T23:45", "2026-03-08T23:45"]);
  expect(keptOf(entries, { ...none, months: 5 })).toEqual([
    "2026-03-11T23:45",
    "2026-02-28T23:45",
    "2026-01-31T23:45",
  ]);
  const usual = { newest: 16, hours: 24, days: 14, weeks: 8, months: 12 };
  expect(keptOf(entries, usual).length).toBeLessThan(16 + 24 + 14 + 8 + 12);
});

test("a person's own backups are never surplus", () => {
  expect(surplusOf(everyQuarter(100, "manual"), none)).toEqual([]);
});

test("scheduled backups never push out the newest one before an upgrade or a takeover", () => {
  const upgrades = everyQuarter(3, "upgrade");
  const takeovers = everyQuarter(2, "migrate");
  const scheduled = everyQuarter(100).filter((_, index) => index < 90);
  const kept = [...scheduled, ...upgrades, ...takeovers];
  const surplus = new Set(surplusOf(kept, none));
  expect(kept.filter((entry) => !surplus.has(entry))).toEqual([
    scheduled[0],
    upgrades[0],
    takeovers[0],
  ]);
  expect(surplusOf(everyQuarter(1, "upgrade"), { ...none, newest: 0 })).toEqual([]);
});

test("pruning removes a backup whole, and the contents that no other one names", async () => {
  const subject = backedUpStore();
  const { dataDir, backups, clock } = subject;
  const make = () => {
    clock.advance(quarter);
    return takeBackup({
      dataDir,
      folder: backups,
      kind: "scheduled",
      at: clock.now(),
      engine: "0.0.0",
    });
  };
  keepContent(dataDir, "stays");
  const first = await make();
  const [run] = first.manifest.files.filter(({ path }) => path.startsWith("runs/"));
  const second = await make();
  const gone = contentPath(backups, run?.sha256 ?? "");
  expect(existsSync(gone)).toBe(true);
  expect(pruneBackups(backups, none)).toEqual([first.id]);
  expect([first.path, second.path, gone].map((path) => existsSync(path))).toEqual([
    false,
    true,
    true,
  ]);
  writeFileSync(join(dataDir, run?.path ?? ""), "changed since");
  const third = await make();
  expect(pruneBackups(backups, none)).toEqual([second.id]);
  expect([gone, third.path].map((path) => existsSync(path))).toEqual([false, true]);
  subject.remove();
});
