import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { migrations } from "../../src/store/schema/migrations.ts";
import { type CliResult, freshFolder, projectRoot, runInProcess } from "../support/cli.ts";
import { describePostgres, freshStore } from "../support/postgres-tests.ts";

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

async function json<T>(cwd: string, ...words: readonly string[]): Promise<T> {
  return JSON.parse(await ok(cwd, ...words, "--json")) as T;
}

const refused = (result: CliResult): { readonly code: string; readonly message: string } => {
  expect(result.stdout).toBe("");
  return (JSON.parse(result.stderr) as { error: { code: string; message: string } }).error;
};

/** What the Python engine keeps, with as many signals. */
function pythonState(
  signals: number,
  change: (records: Record<string, unknown>[]) => void,
): string {
  const records = Array.from({ length: signals }, (_, index) => ({
    signal_id: `LS-${index.toString(16).padStart(12, "0")}`,
    recorded_at: "2026-02-01T10:00:00+00:00",
    signal_type: "bug",
    severity: "high",
    tenant_id: "default",
    summary: `Export number ${index} stops half-way`,
    details: "The file ends after the header.",
    source: "support",
    context: { place: "export" },
    quality_score: 0.7,
    quality_label: "high",
    quality_reasons: ["well_formed_signal"],
    enrichment: {},
    intake_generated: false,
    related_intake_id: null,
  }));
  change(records);
  return JSON.stringify({ signals: records, generated_intakes: [], signal_intake_map: {} });
}

test("an older store is brought up to date by hand, tried first, backed up", async () => {
  const folder = olderStore();
  const file = join(folder, "agent33.db");
  const before = readFileSync(file);
  const status = await ok(folder, "store", "status", "--data", folder);
  expect(status).toMatch(
    new RegExp(`schema {2}1 of ${migrations.length}[^]*agent33 store migrate --data`),
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

test("opening an older store brings it up to date, and says where the old one is", async () => {
  const folder = olderStore();
  const { code, stderr } = await agent33(folder, "runs", "list", "--data", folder);
  expect(code).toBe(0);
  expect(stderr).toMatch(
    new RegExp(
      `from schema 1 to ${migrations.length}; the old one is kept as .*backups.*schema-1-`,
    ),
  );
  const again = await agent33(folder, "runs", "list", "--data", folder);
  expect(again.stderr).toBe("");
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

test("what the Python engine kept is taken over but for the one bad record", async () => {
  const folder = freshFolder();
  writeFileSync(
    join(folder, "state.json"),
    pythonState(50, (records) => {
      records[20] = { ...records[20], severity: "awful" };
    }),
  );
  const words = ["store", "migrate", "--from", "state.json"];
  expect(await ok(folder, ...words, "--dry-run")).toMatch(/signals +49 +49[\s\S]*dry run/);
  expect(existsSync(join(folder, ".agent33"))).toBe(false);
  expect(await ok(folder, ...words)).toMatch(
    /signals +49 +49 +0 +0[\s\S]*1 set aside in quarantine:\n {2}byte \d+: severity: "awful"/,
  );
  // What happened to a record since is newer than the file, and stays.
  const { items } = await json<{ items: { id: string }[] }>(folder, "learn", "list");
  const first = items[0]?.id ?? "";
  await ok(folder, "learn", "resolve", first, "--reason", "mended");
  expect(await ok(folder, ...words)).toMatch(/signals +49 +0 +49 +0[\s\S]*Nothing new came/);
  const shown = await json<{ state: string }>(folder, "learn", "show", first);
  expect(JSON.stringify(shown)).toContain('"resolved"');
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
    expect(result.code).toBe(1);
    expect(refused(result).code).toBe("store.unknown_source");
  }
  const missing = await agent33(folder, "store", "migrate", "--from", "gone.json", "--json");
  expect(refused(missing).code).toBe("store.unreadable_source");
  expect(existsSync(join(folder, ".agent33"))).toBe(false);
});

test("a store goes out as lines and comes in again, and a copy is compared", async () => {
  const folder = olderStore();
  await ok(folder, "store", "migrate", "--data", folder);
  await ok(
    folder,
    "learn",
    "record",
    "--type",
    "bug",
    "--severity",
    "high",
    "--data",
    folder,
    "--summary",
    "The export stops half-way",
  );
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

test("an address of another kind is refused, and its password is not repeated", async () => {
  const folder = olderStore();
  await ok(folder, "store", "migrate", "--data", folder);
  for (const place of ["mysql://u:a-password@h/db", "postgres:/u:a-password@h/db"]) {
    const result = await agent33(folder, "store", "copy", folder, place, "--json");
    expect(refused(result).code).toBe("store.bad_address");
    expect(result.stderr).not.toContain("a-password");
  }
  expect(readdirSync(folder).some((name) => name.includes(":"))).toBe(false);
});

describePostgres("a store in PostgreSQL", {}, (server) => {
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
});
