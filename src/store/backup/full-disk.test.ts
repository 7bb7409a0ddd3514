import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { seededRandom } from "../../base/random.ts";
import { type BackedUpStore, backedUpStore, filesOf, keepContent } from "./backup.fixture.ts";
import { placeJournal } from "../journal/place.ts";
import { verifyJournal } from "../journal/verify.ts";
import { findBackup } from "./catalogue.ts";
import { takeBackup } from "./take.ts";

grantTests("mounts a small disk", { spawn: true });

let disk = "";
let mounted = false;

beforeAll(() => {
  disk = mkdtempSync(join(tmpdir(), "agent33-small-disk-"));
  mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]).status === 0;
});
afterAll(() => {
  if (mounted) spawnSync("umount", [disk]);
  rmSync(disk, { recursive: true, force: true });
});

/** A store with about two megabytes that do not pack. */
function largeStore(): BackedUpStore {
  const subject = backedUpStore({ journal: true });
  const random = seededRandom(1);
  subject.write("run");
  for (let index = 0; index < 40; index += 1) {
    const text = Buffer.from(random.bytes(40_000)).toString("base64");
    subject.store.tenant("local").runLog.append("run", [{ type: "message.user", text }]);
  }
  return subject;
}

test("a backup that a full disk refuses leaves nothing behind", async (context) => {
  if (!mounted) context.skip("mounting a small tmpfs needs root");
  const subject = largeStore();
  const { dataDir, clock } = subject;
  const folder = join(disk, "backups");
  const made = takeBackup({ dataDir, folder, kind: "manual", at: clock.now(), engine: "0.0.0" });
  await expect(made).rejects.toMatchObject({ code: "store.full" });
  expect(readdirSync(folder)).toEqual(["lock"]);
  expect(subject.runs()).toEqual(["run"]);
  subject.remove();
});

test("contents that a full disk refuses leave no backup, and the next one is made whole", async (context) => {
  if (!mounted) context.skip("mounting a small tmpfs needs root");
  const subject = backedUpStore();
  const { dataDir, clock } = subject;
  subject.write("run");
  const content = keepContent(
    dataDir,
    Buffer.from(seededRandom(2).bytes(2_000_000)).toString("hex"),
  );
  const folder = join(disk, "contents-too");
  const order = { dataDir, folder, kind: "manual", at: clock.now(), engine: "0.0.0" } as const;
  await expect(takeBackup(order)).rejects.toMatchObject({ code: "store.full" });
  expect(readdirSync(folder).filter((name) => /manual|partial/.test(name))).toEqual([]);
  rmSync(content);
  expect((await takeBackup(order)).manifest.files).toHaveLength(1);
  subject.remove();
});

test("a restore that a full disk refuses leaves the store as it was, bit by bit", async (context) => {
  if (!mounted) context.skip("mounting a small tmpfs needs root");
  const large = largeStore();
  const { path } = await large.backUp();
  const dataDir = join(disk, "store");
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, "agent33.db"), "what is there");
  const before = filesOf(dataDir);
  await expect(
    large.restore({ dataDir, backup: findBackup(large.backups, path, "/") }),
  ).rejects.toMatchObject({ code: "store.full" });
  expect(filesOf(dataDir)).toEqual(before);
  large.remove();
});

test("a journal without room keeps no write from being kept", async (context) => {
  if (!mounted) context.skip("mounting a small tmpfs needs root");
  const subject = largeStore();
  subject.close();
  const journal = join(subject.dataDir, "journal");
  const elsewhere = join(disk, "journal");
  writeFileSync(join(disk, "filler"), Buffer.alloc(900_000));
  rmSync(journal, { recursive: true });
  placeJournal(subject.dataDir, elsewhere);
  const again = subject.reopen();
  for (let index = 0; index < 5; index += 1) {
    const text = "x".repeat(100_000);
    again.tenant("local").runLog.append("run", [{ type: "message.user", text }]);
  }
  expect(again.tenant("local").runLog.read("run")).toHaveLength(45);
  expect(subject.troubles.map(({ code }) => code)).toContain("store.journal_failed");
  // With room again it begins anew, and is whole from there.
  rmSync(join(disk, "filler"));
  subject.clock.advance(60_000);
  again.tenant("local").runLog.append("run", [{ type: "message.user", text: "on" }]);
  const [history] = await verifyJournal(elsewhere);
  expect(history).toMatchObject({ problems: [] });
  subject.remove();
});
