import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { migrations } from "../schema/migrations.ts";
import { takeLock } from "../sqlite/use-lock.ts";
import { type BackedUpStore, backedUpStore, keepContent } from "./backup.fixture.ts";
import { findBackup, listBackups } from "./catalogue.ts";
import { contentPath } from "./contents.ts";
import { manifestText, readManifest } from "./manifest.ts";

let subject: BackedUpStore;

beforeEach(() => {
  subject = backedUpStore();
  subject.write("one");
});
afterEach(() => subject.remove());

test("a backup of a store in use has a manifest that says all of it", async () => {
  const content = keepContent(subject.dataDir, "what was in the workspace");
  const { path, manifest } = await subject.backUp();
  expect(readManifest(path)).toEqual(manifest);
  expect(manifest).toMatchObject({
    kind: "manual",
    format: 1,
    schema: migrations.length,
    rows: { runs: 1 },
  });
  expect(manifest.files.map((file) => file.path)).toEqual([
    expect.stringMatching(/^kept\//),
    expect.stringMatching(/^runs\/.*\/workspace-kept.json$/),
  ]);
  expect(statSync(content).size).toBe(manifest.files[0]?.bytes);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
});

test("contents are kept once for all backups, and damaged ones are told of", async () => {
  const content = keepContent(subject.dataDir, "kept");
  const first = await subject.backUp();
  const digest = first.manifest.files[0]?.sha256 ?? "";
  const kept = contentPath(subject.backups, digest);
  const { ino } = statSync(kept);
  await subject.backUp();
  expect(statSync(kept).ino).toBe(ino);
  rmSync(kept);
  writeFileSync(content, "kexx");
  const third = await subject.backUp();
  expect(third.damaged).toEqual([expect.stringContaining(digest)]);
  expect(third.manifest.files).toHaveLength(1);
});

test("two processes do not back up into one folder at once", async () => {
  mkdirSync(subject.backups);
  const other = takeLock(join(subject.backups, "lock"), "alone", 0);
  await expect(subject.backUp()).rejects.toMatchObject({
    code: "store.backup_running",
    retryable: true,
  });
  other?.release();
  expect(await subject.backUp()).toMatchObject({ manifest: { kind: "manual" } });
});

test("what a killed backup left is cleared away by the next one", async () => {
  const left = join(subject.backups, "2026-01-01T00-00-00.000Z-manual.partial");
  mkdirSync(left, { recursive: true });
  await subject.backUp();
  expect(existsSync(left)).toBe(false);
  expect(listBackups(subject.backups)).toHaveLength(1);
});

test("a folder that cannot be written is refused, and nothing is left in it", async () => {
  writeFileSync(subject.backups, "a file in the folder's place");
  await expect(subject.backUp()).rejects.toMatchObject({ code: "store.backup_folder" });
});

test("backups are listed newest first, and one that cannot be used says why", async () => {
  const { id, path } = await subject.backUp();
  const second = await subject.backUp();
  writeFileSync(join(path, "manifest.json"), "{}");
  expect(listBackups(subject.backups)).toMatchObject([
    { id: second.id, manifest: { seq: second.manifest.seq } },
    { id, fault: { code: "store.not_a_backup" } },
  ]);
  expect(findBackup(subject.backups, second.id, "/")).toMatchObject({ path: second.path });
  expect(findBackup(subject.backups, "manual", "/")).toMatchObject({ id: second.id });
  expect(() => findBackup(subject.backups, "upgrade", "/")).toThrow(
    expect.objectContaining({ code: "store.no_backup" }),
  );
  expect(() => findBackup(subject.backups, "20", "/")).toThrow(
    expect.objectContaining({ code: "store.no_backup" }),
  );
});

test.each([
  ["another number", (text: string) => text.replace('"seq": 0', '"seq": 1'), "backup_damaged"],
  ["half of it", (text: string) => text.slice(0, text.length / 2), "backup_damaged"],
  [
    "a path to elsewhere",
    (text: string) => text.replace('"files": []', '"files": [{"path": "runs/../../x"}]'),
    "backup_damaged",
  ],
  ["a later form", (text: string) => text.replace('"format": 1', '"format": 2'), "backup_newer"],
])("a manifest with %s is refused", async (_what, change, code) => {
  const { path, manifest } = await subject.backUp();
  const altered = change(manifestText({ ...manifest, seq: 0 }));
  writeFileSync(join(path, "manifest.json"), altered);
  expect(() => readManifest(path)).toThrow(expect.objectContaining({ code: `store.${code}` }));
});
