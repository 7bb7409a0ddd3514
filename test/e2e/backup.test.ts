import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";

test("what is damaged ends verify and restore with 1, and wrong words with 64", async () => {
  const folder = freshFolder();
  const run = (...words: readonly string[]) => runInProcess(words, folder, {});
  const summary = "The export stops half-way";
  await run("learn", "record", "--type", "bug", "--severity", "high", "--summary", summary);
  expect(await run("store", "restore", "--at", "yesterday")).toMatchObject({ code: 64 });
  expect(await run("store", "restore", "--at", "1h", "--seq", "1")).toMatchObject({ code: 64 });
  const made = await run("store", "backup", "--json");
  const { id, path } = JSON.parse(made.stdout) as { id: string; path: string };
  expect(await run("store", "verify")).toMatchObject({ code: 0, stderr: "" });
  const file = join(path, "store.db.zst");
  writeFileSync(file, readFileSync(file).toReversed());
  const verified = await run("store", "verify", id, "--json");
  expect(verified).toMatchObject({ code: 1 });
  expect(JSON.parse(verified.stdout)).toMatchObject({
    whole: false,
    backups: [{ id, fault: { code: "store.backup_damaged" } }],
  });
  const refused = await run("store", "restore", id, "--json");
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: "store.backup_damaged" } });
  // The journal of the store's whole life leads there as well.
  const restored = await run("store", "restore");
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  expect(restored.stdout).toContain("Passed over:");
  expect((await run("store", "status")).stdout).toMatch(/signals +1/);
});
