import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scriptedApi, type TestApi, testApi } from "../../../test/support/api.ts";
import { runInProcess } from "../../../test/support/cli.ts";
import { grantTests } from "../../../test/support/egress.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

grantTests("checks and backs the store up as a server does", { spawn: true });

const folder = temporaryFolder("api");
let api: TestApi;
beforeAll(async () => {
  api = await testApi({}, { folder, shared: true });
});
afterAll(() => api.close());

interface Operation {
  readonly id: string;
  readonly state: string;
  readonly result: Record<string, unknown>;
}

async function done(path: string, body?: unknown): Promise<Operation> {
  const begun = await api.ask("POST", path, body === undefined ? {} : { body });
  expect(begun).toMatchObject({ status: 202, body: { state: "running", finishedAt: null } });
  const place = begun.headers.get("location") ?? "";
  const look = async () => (await api.ask("GET", place)).body as Operation;
  await expect.poll(async () => (await look()).state, { timeout: 60_000 }).not.toBe("running");
  return look();
}

test("the store is checked, backed up and verified in the background, and says so afterwards", async () => {
  const before = await api.ask("GET", "/v1/store?rows=yes");
  expect(before).toMatchObject({
    status: 200,
    body: { kind: "sqlite", lastCheck: null, backups: 0, newestBackup: null },
  });
  expect(before.text).not.toContain(folder);
  expect(await done("/v1/store/check")).toMatchObject({ state: "done", result: { sound: true } });
  const made = await done("/v1/store/backups");
  expect(made).toMatchObject({ state: "done", result: { damaged: [], trouble: null } });
  const id = String(made.result["id"]);
  expect(existsSync(join(folder, ".agent33", "backups", id, "manifest.json"))).toBe(true);
  const list = await api.ask("GET", "/v1/store/backups");
  expect(list.body).toMatchObject({ items: [{ id, kind: "manual", error: null }] });
  expect(await done("/v1/store/backups/verify", {})).toMatchObject({
    state: "done",
    result: { whole: true, backups: 1, faulty: [] },
  });
  const after = (await api.ask("GET", "/v1/store")).body;
  expect(after).toMatchObject({
    lastCheck: { sound: true },
    backups: 1,
    newestBackup: { id },
    rows: null,
  });
  const kinds = (
    (await api.ask("GET", "/v1/store/operations")).body as { items: { kind: string }[] }
  ).items;
  expect(kinds.map(({ kind }) => kind)).toEqual(["verify", "backup", "check"]);
});

test("a backup that is damaged is found, and one that is not there is said", async () => {
  const made = await done("/v1/store/backups");
  const id = String(made.result["id"]);
  const place = join(folder, ".agent33", "backups", id);
  const packed = readdirSync(place).find((name) => name.endsWith(".zst")) ?? "";
  writeFileSync(join(place, packed), "nothing");
  const found = await done("/v1/store/backups/verify", { backup: id });
  expect(found).toMatchObject({ state: "done", result: { whole: false, faulty: [{ id }] } });
  expect(JSON.stringify(found)).not.toContain(folder);
  expect(await done("/v1/store/backups/verify", { backup: "1999" })).toMatchObject({
    state: "failed",
    error: { code: "store.no_backup" },
  });
  for (const backup of ["../x", "/etc", "a/b"]) {
    const refused = await api.ask("POST", "/v1/store/backups/verify", { body: { backup } });
    expect(refused.status).toBe(400);
  }
});

test("a backup that is cancelled leaves none behind", async () => {
  const begun = await api.ask("POST", "/v1/store/backups");
  const { id } = begun.body as Operation;
  expect(await api.ask("POST", "/v1/store/backups")).toMatchObject({
    status: 409,
    body: { code: "engine.operation_running", details: { operation: id } },
  });
  const place = `/v1/store/operations/${id}`;
  expect((await api.ask("POST", `${place}/cancel`)).status).toBe(202);
  await expect
    .poll(async () => (await api.ask("GET", place)).body, { timeout: 30_000 })
    .toMatchObject({ state: "cancelled" });
  expect(await done("/v1/store/backups")).toMatchObject({ state: "done" });
});

test("what is exported is taken in by the command line", async () => {
  const own = await scriptedApi();
  const run = await own.ask("POST", "/v1/runs", { body: { task: "Say done." } });
  const { id } = run.body as Operation;
  const exported = await own.ask("POST", "/v1/store/export");
  expect(exported.headers.get("content-type")).toBe("application/x-ndjson");
  const file = join(own.folder, "store.jsonl");
  writeFileSync(file, exported.text);
  const words = ["store", "migrate", "--from", file, "--to", join(own.folder, "other"), "--json"];
  const { code, stdout } = await runInProcess(words, own.folder);
  expect({ code, complete: (JSON.parse(stdout) as { complete: boolean }).complete }).toEqual({
    code: 0,
    complete: true,
  });
  const shown = await runInProcess(
    ["runs", "list", "--json", "--data", join(own.folder, "other")],
    own.folder,
    { AGENT33_TENANT: "one" },
  );
  expect(shown.stdout).toContain(id);
});

test("counts are made anew where they are wrong", async () => {
  expect(await done("/v1/store/recount", { dryRun: true })).toMatchObject({
    state: "done",
    result: { dryRun: true, tenants: [] },
  });
});
