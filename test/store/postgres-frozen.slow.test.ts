import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import type { BusyNotice } from "../../src/store/backend.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { newRun } from "../../src/store/store.fixture.ts";
import { projectRoot } from "../support/cli.ts";
import { testGrant } from "../support/egress.ts";
import { databaseOf } from "../support/postgres.ts";
import { describePostgres, freshStore, parts } from "../support/postgres-tests.ts";

const grant = testGrant("starts a process that holds a lock", { spawn: true });

/** A process that holds a lock that all writes of runs need, and that reads do without. */
const program = `
const { Client } = require("pg");
const client = new Client({ connectionString: process.argv[1] });
client.connect()
  .then(() => client.query("BEGIN; LOCK TABLE runs IN EXCLUSIVE MODE"))
  .then(() => process.stdout.write("held"));
process.stdin.once("data", () => client.end().then(() => process.exit(0)));
`;

let frozen: ChildProcess | undefined;
afterEach(async () => {
  const child = frozen;
  frozen = undefined;
  if (child === undefined || child.exitCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
});

/** Resolves once the process holds the lock and has been stopped. */
async function freeze(url: string): Promise<ChildProcess> {
  const child = grant.run(() =>
    spawn(process.execPath, ["-e", program, url], {
      cwd: projectRoot,
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  frozen = child;
  await once(child.stdout, "data");
  child.kill("SIGSTOP");
  return child;
}

describePostgres("a process that was stopped inside a transaction", "shared", (server) => {
  test("keeps writers waiting, but no reader, and they give up in time", async () => {
    const url = await freshStore(server());
    const told: BusyNotice[] = [];
    const backend = await openPostgresBackend({
      ...parts,
      url,
      lockTimeoutMs: 1500,
      onBusy: (notice) => told.push(notice),
    });
    await backend.tenant("a").runs.create(newRun("before"));
    await freeze(url);
    let answered = 0;
    const writes = ["a", "b", "c", "d", "e", "f"].map(async (tenant) => {
      try {
        return await backend.tenant(tenant).runs.create(newRun(`of-${tenant}`));
      } finally {
        answered += 1;
      }
    });
    const settled = Promise.allSettled(writes);
    const waiting = async () => {
      const [row] = await server().admin(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE datname = '${databaseOf(url)}' AND wait_event_type = 'Lock'`,
      );
      return Number(row?.["waiting"]);
    };
    while ((await waiting()) < 3) await parts.clock.sleep(10);
    await parts.clock.sleep(50);
    const reads = Array.from({ length: 8 }, () => backend.tenant("a").runs.list());
    for (const page of await Promise.all(reads)) expect(page.items).toHaveLength(1);
    expect(answered).toBe(0);
    const codes = (await settled).map((one) => one.status === "rejected" && one.reason.code);
    expect(codes).toEqual(Array(6).fill("store.busy"));
    expect(told[0]).toMatchObject({ state: "waiting", waiting: 6 });
    expect(told[0]?.waitedMs).toBeGreaterThanOrEqual(1000);
    expect(told.slice(1).map(({ state }) => state)).toContain("given up");
    await backend.close();
  });

  test("is told of, and so is that writers go on once it lets go", async () => {
    const url = await freshStore(server());
    const told: BusyNotice["state"][] = [];
    const onBusy = ({ state }: BusyNotice): void => void told.push(state);
    const backend = await openPostgresBackend({ ...parts, url, onBusy });
    const { runs, approvals } = backend.tenant("a");
    const child = await freeze(url);
    const write = runs.create(newRun("one"));
    while (told.length === 0) await parts.clock.sleep(10);
    child.kill("SIGCONT");
    child.stdin?.write("go");
    expect(await write).toMatchObject({ id: "one" });
    await approvals.restore("none");
    expect(told).toEqual(["waiting", "gone on"]);
    await backend.close();
  });
});
