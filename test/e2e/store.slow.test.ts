import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { type CliResult, freshFolder, projectRoot, runInProcess } from "../support/cli.ts";
import { migrate } from "../../src/store/postgres/migrator.ts";
import { openDatabase } from "../../src/store/postgres/database.ts";
import { migrations } from "../../src/store/schema/migrations.ts";
import { databaseOf } from "../support/postgres.ts";
import { describePostgres, freshStore, parts } from "../support/postgres-tests.ts";

/** A folder with a store of schema version 1, as that version left it. */
function olderStore(): string {
  const folder = freshFolder();
  const native = new DatabaseSync(join(folder, "agent33.db"));
  // As every store of ours is.
  native.exec("PRAGMA journal_mode = WAL");
  native.exec(readFileSync(join(projectRoot, "test/fixtures/store/schema-001.sql"), "utf8"));
  native.close();
  return folder;
}

function agent33(cwd: string, ...words: readonly string[]): Promise<CliResult> {
  return runInProcess(words, cwd, {});
}

async function ok(cwd: string, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await agent33(cwd, ...words);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

/** Records one signal, so that there is something to count. */
async function recordBug(folder: string): Promise<void> {
  const words = ["--type", "bug", "--severity", "high", "--summary", "The export stops half-way"];
  await ok(folder, "learn", "record", ...words, "--data", folder);
}

async function json<T>(cwd: string, ...words: readonly string[]): Promise<T> {
  return JSON.parse(await ok(cwd, ...words, "--json")) as T;
}

const refused = (result: CliResult): { readonly code: string; readonly message: string } => {
  expect(result.stdout).toBe("");
  return (JSON.parse(result.stderr) as { error: { code: string; message: string } }).error;
};

test("an older store is brought up to date by hand, tried first, backed up", async () => {
  const folder = olderStore();
  const file = join(folder, "agent33.db");
  const before = readFileSync(file);
  const status = await ok(folder, "store", "status", "--data", folder);
  expect(status).toMatch(
    new RegExp(`schema {2}1 of ${migrations.length}[^]*agent33 store migrate --data`),
  );
  expect(await ok(folder, "store", "status", "./agent33.db")).toMatch(
    /Bring it up to date: agent33 store migrate \.\/agent33\.db$/m,
  );
  const tried = await json<{ dryRun: boolean }>(
    folder,
    "store",
    "migrate",
    "--dry-run",
    "--data",
    folder,
  );
  expect(tried).toMatchObject({ from: 1, to: migrations.length, dryRun: true, backup: null });
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(existsSync(join(folder, "backups"))).toBe(false);
  const done = await json<{ backup: { path: string; rows: Record<string, number> } }>(
    folder,
    "store",
    "migrate",
    "--data",
    folder,
  );
  expect(done).toMatchObject({ from: 1, to: migrations.length, backup: { schemaVersion: 1 } });
  expect(existsSync(done.backup.path)).toBe(true);
  expect(await ok(folder, "store", "migrate", "--data", folder)).toContain(
    `at schema ${migrations.length} already`,
  );
  const { rows } = await json<{ rows: Record<string, number> }>(folder, "store", "status", folder);
  for (const table of ["runs", "run_events", "audit", "approvals", "idempotency"]) {
    expect(rows[table]).toBe(done.backup.rows[table]);
  }
});

test("an older store is brought up to date by its folder, which every hint names", async () => {
  const folder = olderStore();
  const cwd = freshFolder();
  for (const words of [
    ["copy", folder, "copied"],
    ["export", "out.jsonl", "--from", folder],
    ["recount", folder],
  ]) {
    const { code, stderr } = await agent33(cwd, "store", ...words, "--json");
    expect(code).toBe(1);
    const { error } = JSON.parse(stderr) as { error: { code: string; hint: string } };
    expect(error).toMatchObject({
      code: "store.older_schema",
      hint: expect.stringContaining(`store migrate ${folder}`),
    });
  }
  expect(readdirSync(cwd)).toEqual([]);
  expect(await json(cwd, "store", "migrate", folder)).toMatchObject({
    from: 1,
    to: migrations.length,
  });
  expect(await ok(cwd, "store", "copy", folder, "copied")).toContain("holds the same as");
});

test("a place without a store is named, and nothing is made there", async () => {
  const cwd = freshFolder();
  for (const words of [
    ["status"],
    ["migrate"],
    ["migrate", "--dry-run"],
    ["export", "out.jsonl"],
    ["recount"],
    ["quarantine", "list"],
    ["quarantine", "show", "1"],
  ]) {
    const result = await agent33(cwd, "store", ...words, "--data", "tpyo", "--json");
    expect([words, result.code]).toEqual([words, 1]);
    expect(refused(result)).toMatchObject({
      code: "store.missing",
      message: `There is no store in ${join(cwd, "tpyo")}.`,
    });
  }
  const copied = await agent33(cwd, "store", "copy", "tpyo", "copied", "--json");
  expect(refused(copied).code).toBe("store.missing");
  expect(readdirSync(cwd)).toEqual([]);
});

test("words of migrate that do not go together are refused, with those that were meant", async () => {
  const cwd = freshFolder();
  for (const [words, meant] of [
    [["--to", "here"], "agent33 store migrate here"],
    [["here", "--from", "a.jsonl"], "agent33 store migrate --from a.jsonl --to here"],
  ] as const) {
    const result = await agent33(cwd, "store", "migrate", ...words, "--json");
    expect(result.code).toBe(64);
    const { error } = JSON.parse(result.stderr) as { error: { code: string; hint: string } };
    expect(error).toMatchObject({ code: "cli.usage", hint: expect.stringContaining(meant) });
  }
  expect(readdirSync(cwd)).toEqual([]);
});

test("counts that are wrong are made anew, after a look at what is wrong", async () => {
  const folder = olderStore();
  await ok(folder, "store", "migrate", "--data", folder);
  await recordBug(folder);
  expect(await ok(folder, "store", "recount", folder)).toContain("agree with its signals");
  const native = new DatabaseSync(join(folder, "agent33.db"));
  native.exec("UPDATE signal_class_counts SET signals = 7");
  native.close();
  const dry = await ok(folder, "store", "recount", folder, "--dry-run");
  expect(dry).toMatch(/TENANT[\s\S]*default +1 +7[\s\S]*dry run/);
  expect(await json(folder, "store", "recount", "--data", folder)).toMatchObject({
    dryRun: false,
    tenants: [{ tenant: "default", signals: 1, counted: 7 }],
  });
  expect(await ok(folder, "store", "recount", folder)).toContain("agree with its signals");
});

test("opening an older store brings it up to date, and says where the old one is", async () => {
  const folder = olderStore();
  const { code, stderr } = await agent33(folder, "runs", "list", "--data", folder);
  expect(code).toBe(0);
  expect(stderr).toMatch(
    new RegExp(`from schema 1 to ${migrations.length}; the old one is kept as .*backups.*-upgrade`),
  );
  const again = await agent33(folder, "runs", "list", "--data", folder);
  expect(again.stderr).toBe("");
});

test("a store whose copy does not check is not brought up to date, and the reason is told", async () => {
  const folder = olderStore();
  const native = new DatabaseSync(join(folder, "agent33.db"));
  native.exec("PRAGMA foreign_keys = OFF; DELETE FROM runs WHERE seq = 1");
  native.close();
  const result = await agent33(folder, "store", "migrate", "--data", folder, "--json");
  expect(result.code).toBe(1);
  expect(refused(result)).toMatchObject({
    code: "store.snapshot_damaged",
    message: expect.stringMatching(/dangling references/),
    hint: expect.stringMatching(/another disk/),
  });
  expect(readdirSync(join(folder, "backups"))).toEqual(["lock"]);
  const status = await ok(folder, "store", "status", "--data", folder);
  expect(status).toMatch(new RegExp(`schema {2}1 of ${migrations.length}`));
});

test("a store of a later version is refused and left as it is", async () => {
  const folder = olderStore();
  const file = join(folder, "agent33.db");
  const native = new DatabaseSync(file);
  native.exec("PRAGMA user_version = 99");
  native.close();
  const before = readFileSync(file);
  for (const words of [
    ["runs", "list"],
    ["store", "migrate"],
    ["learn", "list"],
  ]) {
    const result = await agent33(folder, ...words, "--data", folder, "--json");
    expect(result.code).toBe(1);
    expect(refused(result)).toMatchObject({
      code: "store.newer_schema",
      message: expect.stringMatching(
        new RegExp(`schema version 99; .* up to ${migrations.length}`),
      ),
    });
  }
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(readdirSync(folder).sort()).not.toContain("backups");
});

test("a file that is nothing known is refused with what is known", async () => {
  const folder = freshFolder();
  for (const [name, content] of [
    ["notes.txt", "Dear diary"],
    ["empty.json", ""],
    ["other.json", '{"name":"a package"}'],
  ] as const) {
    writeFileSync(join(folder, name), content);
    const result = await agent33(folder, "store", "migrate", "--from", name, "--json");
    expect(result.code).toBe(64);
    expect(refused(result).code).toBe("store.unknown_source");
  }
  const missing = await agent33(folder, "store", "migrate", "--from", "gone.json", "--json");
  expect(refused(missing).code).toBe("store.unreadable_source");
  expect(existsSync(join(folder, ".agent33"))).toBe(false);
});

test("a store goes out as lines and comes in again, and a copy is compared", async () => {
  const folder = olderStore();
  await ok(folder, "store", "migrate", "--data", folder);
  await recordBug(folder);
  expect(await ok(folder, "store", "export", "out.jsonl", "--from", folder)).toMatch(/rows of/);
  const again = await agent33(folder, "store", "export", "out.jsonl", "--from", folder, "--json");
  expect(refused(again).code).toBe("store.export_failed");
  const rowsOf = async (place: string) =>
    (await json<{ rows: Record<string, number> }>(folder, "store", "status", place)).rows;
  await ok(folder, "store", "migrate", "--from", "out.jsonl", "--to", "imported");
  const { transfers: _noted, ...imported } = await rowsOf("imported");
  const { transfers: _none, ...exported } = await rowsOf(folder);
  expect(imported).toEqual(exported);
  const copied = await json<{ equal: boolean; copied: number }>(
    folder,
    "store",
    "copy",
    folder,
    "copied",
  );
  expect(copied.equal).toBe(true);
  expect(copied.copied).toBeGreaterThan(100);
  const other = await agent33(folder, "store", "copy", "nowhere", "copied", "--json");
  expect(refused(other).code).toBe("store.missing");
  expect(existsSync(join(folder, "nowhere"))).toBe(false);
});

test("an export that breaks off leaves no file, whole or half", async () => {
  const folder = olderStore();
  await ok(folder, "store", "migrate", "--data", folder);
  const native = new DatabaseSync(join(folder, "agent33.db"));
  // The last table is read after all others have been written.
  native.exec(
    `INSERT INTO quarantine (tenant, source, place, reason, content, at)
     VALUES ('local', 's', 'p', 'r', 'c', 9007199254740993)`,
  );
  native.close();
  const files = readdirSync(folder).sort();
  const result = await agent33(folder, "store", "export", "out.jsonl", "--from", folder, "--json");
  expect(result.code).toBe(1);
  expect(refused(result).code).toMatch(/^store\./);
  expect(readdirSync(folder).sort()).toEqual(files);
});

test("an address of another kind is refused, and its password is not repeated", async () => {
  const folder = olderStore();
  await ok(folder, "store", "migrate", "--data", folder);
  const files = readdirSync(folder);
  for (const place of [
    "mysql://u:a-password@h/db",
    "postgres:/u:a-password@h/db",
    "postgres//u:a-password@h/db",
    "postgres:u:a-password@h/db",
    "u:a-password@h/db",
  ]) {
    for (const words of [
      ["copy", folder, place],
      ["status", place],
    ]) {
      const result = await agent33(folder, "store", ...words, "--json");
      expect(refused(result).code).toBe("store.bad_address");
      expect(result.stderr).not.toContain("a-password");
    }
    for (const words of [["learn", "list"], ["runs", "list"], ["audit", "list"], ["doctor"]]) {
      const result = await agent33(folder, ...words, "--data", place, "--json");
      expect(refused(result)).toMatchObject({
        code: "config.invalid_value",
        message: expect.stringContaining("Must be a folder"),
      });
      expect(result.stderr).not.toContain("a-password");
    }
  }
  expect(readdirSync(folder)).toEqual(files);
});

test("what a command advises does not repeat an address's password", async () => {
  const address = "postgres://u:a-password@127.0.0.1:1/db";
  for (const words of [
    ["migrate", "--to", address],
    ["migrate", address, "--from", "state.json"],
    ["status", address],
    ["quarantine", "list", address],
  ]) {
    const { code, stdout, stderr } = await agent33(freshFolder(), "store", ...words);
    expect(code).not.toBe(0);
    expect(stdout + stderr).not.toContain("a-password");
    expect(stderr).toContain("postgres://u@127.0.0.1:1/db");
  }
});

describePostgres("a store in PostgreSQL", "shared", (server) => {
  test("is copied to from SQLite and back, equal each time, without its password shown", async () => {
    const folder = olderStore();
    await ok(folder, "store", "migrate", "--data", folder);
    const url = await freshStore(server());
    const there = await ok(folder, "store", "copy", folder, url);
    expect(there).toMatch(/holds the same as/);
    expect(there).not.toContain(new URL(url).password);
    expect(await ok(folder, "store", "copy", url, "back")).toMatch(/holds the same as/);
    const status = await ok(folder, "store", "status", url);
    expect(status).toMatch(/kind +postgres[\s\S]*row-level security/);
    expect(status).not.toContain(new URL(url).password);
    const [first, last] = await Promise.all(
      [folder, "back"].map((place) =>
        json<{ rows: Record<string, number> }>(folder, "store", "status", place),
      ),
    );
    expect({ ...last?.rows, transfers: 0 }).toEqual({ ...first?.rows, transfers: 0 });
  });

  test("of an earlier version is brought up to date by its address, tried first", async () => {
    const cwd = freshFolder();
    const url = await server().freshDatabase();
    const database = openDatabase({ ...parts, url });
    await migrate(database, parts.clock, migrations.slice(0, 1));
    await database.close();
    const found = await ok(cwd, "store", "status", url);
    expect(found).toMatch(
      new RegExp(`schema +1 of ${migrations.length}[^]*agent33 store migrate `),
    );
    expect(found).not.toContain(new URL(url).password);
    const copied = await agent33(cwd, "store", "copy", url, "copied", "--json");
    expect(refused(copied).code).toBe("store.older_schema");
    const tried = await ok(cwd, "store", "migrate", url, "--dry-run");
    expect(tried).toMatch(
      new RegExp(`schema 1 would become ${migrations.length} .*\\.\\nThe store was not changed`),
    );
    expect(tried).not.toContain(new URL(url).password);
    expect(await json(cwd, "store", "status", url)).toMatchObject({ schemaVersion: 1, rows: null });
    expect(await json(cwd, "store", "migrate", url)).toMatchObject({
      from: 1,
      to: migrations.length,
      backup: null,
      rows: { signals: 0 },
    });
    expect(await ok(cwd, "store", "migrate", url)).toContain(
      `at schema ${migrations.length} already`,
    );
  });

  test("that is not there is missing, and commands that only read make none", async () => {
    const cwd = freshFolder();
    const url = await server().freshDatabase();
    writeFileSync(join(cwd, "state.json"), '{"signals":[]}');
    for (const words of [
      ["status", url],
      ["migrate", url],
      ["copy", url, "copied"],
      ["export", "out.jsonl", "--from", url],
      ["quarantine", "list", url],
    ]) {
      expect(refused(await agent33(cwd, "store", ...words, "--json")).code).toBe("store.missing");
    }
    await ok(cwd, "store", "migrate", "--from", "state.json", "--to", url, "--dry-run");
    const tables = "SELECT 1 FROM pg_tables WHERE schemaname = 'public'";
    expect(await server().admin(tables, databaseOf(url))).toEqual([]);
    expect(readdirSync(cwd)).toEqual(["state.json"]);
  });
});
