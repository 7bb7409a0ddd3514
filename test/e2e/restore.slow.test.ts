import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { listBackups } from "../../src/store/backup/catalogue.ts";
import { migrations } from "../../src/store/schema/migrations.ts";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";
import { testGrant } from "../support/egress.ts";

const grant = testGrant("runs the guide's steps in a shell", { spawn: true });

const guide = readFileSync(join(projectRoot, "docs/guides/store.md"), "utf8");
const heading = "Going back to the backup before an upgrade";
/** What the hints of a damaged store name. */
const damagedHeading = "A damaged store";

/** The commands that the guide gives for a damaged store, one a line. */
function stepsOfGuide(): string {
  const section = guide.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const steps = /^```sh\n([\s\S]*?)^```$/m.exec(section)?.[1];
  if (steps === undefined) throw new Error(`The guide has no steps under "${heading}".`);
  return steps;
}

interface Status {
  readonly rows: Readonly<Record<string, number>>;
}

function storeOfVersionOne(path: string): void {
  const older = new DatabaseSync(path);
  older.exec(readFileSync(join(projectRoot, "test/fixtures/store/schema-001.sql"), "utf8"));
  older.close();
}

/** A folder whose store was upgraded, has gone on since, and was left by a process that died. */
async function usedStore(): Promise<string> {
  const [begun, left] = [freshFolder(), freshFolder()];
  const dataDir = join(begun, ".agent33");
  mkdirSync(dataDir);
  storeOfVersionOne(join(dataDir, "agent33.db"));
  await agent33(begun, "store", "migrate");
  const native = new DatabaseSync(join(dataDir, "agent33.db"));
  native.exec("UPDATE runs SET task = 'changed since'");
  // While it is open, what was written last stands beside the file.
  cpSync(dataDir, join(left, ".agent33"), { recursive: true });
  native.close();
  return left;
}

async function agent33(cwd: string, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(words, cwd, {});
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

async function refusal(cwd: string, ...words: readonly string[]) {
  const { code, stderr } = await runInProcess([...words, "--json"], cwd, {});
  expect(code).toBe(1);
  return (JSON.parse(stderr) as { error: { code: string; message: string; hint: string } }).error;
}

test("the guide's steps bring a damaged store back to its backup, and keep the damaged files", async () => {
  const folder = await usedStore();
  const dataDir = join(folder, ".agent33");
  const file = join(dataDir, "agent33.db");
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.alloc(statSync(file).size - 4096, 0xaa), 0, null, 4096);
  closeSync(handle);
  const damaged = readFileSync(file);
  // In a copy: whoever closes the store last writes what stands beside the file into it.
  const looked = freshFolder();
  cpSync(folder, looked, { recursive: true });
  writeFileSync(join(looked, "agent33.config.yaml"), "store:\n  onDamage: fail\n");
  const told = await refusal(looked, "runs", "list");
  expect(told.code).toBe("store.corrupt");
  expect(told.hint).toContain(`"${damagedHeading}" in docs/guides/store.md`);

  const [backup, ...others] = listBackups(join(dataDir, "backups"));
  expect(others).toEqual([]);
  const steps = stepsOfGuide()
    .replaceAll(/\d{4}-\S+-upgrade/g, backup?.id ?? "")
    .replaceAll("npm run agent33 --", `"${process.execPath}" "${projectRoot}/bin/agent33.js"`);
  const env = { PATH: process.env["PATH"] ?? "" };
  const said = grant.run(() =>
    execFileSync("sh", ["-e", "-c", steps], { cwd: folder, env, encoding: "utf8" }),
  );
  expect(said).toMatch(new RegExp(`schema {2}${migrations.length}`));

  const { rows } = JSON.parse(await agent33(folder, "store", "status", "--json")) as Status;
  const { migrations: _steps, ...before } = backup?.manifest?.rows ?? {};
  expect(rows).toMatchObject(before);
  expect(before["runs"]).toBeGreaterThan(0);
  expect(await agent33(folder, "runs", "list")).not.toContain("changed since");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [stamp = "", ...more] = readdirSync(join(dataDir, "replaced"));
  expect(more).toEqual([]);
  const kept = join(dataDir, "replaced", stamp);
  expect(readdirSync(kept).sort()).toEqual(["agent33.db", "agent33.db-shm", "agent33.db-wal"]);
  expect(readFileSync(join(kept, "agent33.db")).equals(damaged)).toBe(true);
  expect(readFileSync(join(kept, "agent33.db-wal")).includes("changed since")).toBe(true);
});

test("a file that is no store any more is answered with the same steps", async () => {
  const folder = freshFolder();
  mkdirSync(join(folder, ".agent33"));
  writeFileSync(join(folder, ".agent33/agent33.db"), "overwritten by something else".repeat(300));
  const told = await refusal(folder, "runs", "list");
  expect(told).toMatchObject({ code: "store.not_a_store" });
  expect(told.hint).toContain(`"${damagedHeading}" in docs/guides/store.md`);
});

test("a backup's file is no place of a store, and how to look into it is said", async () => {
  const folder = freshFolder();
  const backup = join(folder, "schema-1.db");
  storeOfVersionOne(backup);
  const before = readFileSync(backup);
  for (const words of [
    ["status", backup],
    ["copy", backup, "other"],
    ["export", "out.jsonl", "--from", backup],
  ]) {
    expect(await refusal(folder, "store", ...words)).toMatchObject({
      code: "store.missing",
      message: `${backup} is a file; a store is a folder with a file agent33.db.`,
      hint: "Copy it as agent33.db into a new folder, and give that folder.",
    });
  }
  expect(readFileSync(backup).equals(before)).toBe(true);
  mkdirSync(join(folder, "look"));
  copyFileSync(backup, join(folder, "look/agent33.db"));
  expect(await agent33(folder, "store", "status", "look")).toMatch(
    new RegExp(`schema {2}1 of ${migrations.length}`),
  );
});
