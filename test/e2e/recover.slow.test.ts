import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { systemRandom } from "../../src/base/random.ts";
import { newRun } from "../../src/store/store.fixture.ts";
import { openStore } from "../../src/store/store.ts";
import { alertReceiver } from "../support/alert-receiver.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";

grantTests("a receiver of alerts on this machine", { connect: loopback });

let folder = "";
const run = (...words: readonly string[]) => runInProcess(words, folder, {});
const database = (): string => join(folder, ".agent33", "agent33.db");
const record = (what: string) =>
  run("learn", "record", "--type", "bug", "--severity", "high", "--summary", what);
const summaries = async (): Promise<readonly string[]> => {
  const { stdout } = await run("learn", "list", "--json");
  const page = JSON.parse(stdout) as { items: readonly { summary: string }[] };
  return page.items.map(({ summary }) => summary);
};
const settings = (onDamage: string): void =>
  writeFileSync(join(folder, "agent33.config.yaml"), `store:\n  onDamage: ${onDamage}\n`);
const spoil = (): Buffer => {
  const bytes = readFileSync(database()).fill(0xaa, 4096);
  writeFileSync(database(), bytes);
  return bytes;
};

beforeEach(async () => {
  folder = freshFolder();
  await record("The export stops half-way");
  await run("store", "backup");
  await record("A second import is refused");
});

describe("a command that finds its store damaged", () => {
  test("recovers it first, and the store remembers that", async () => {
    const spoilt = spoil();
    const seen = await summaries();
    expect(seen).toContain("The export stops half-way");
    expect(seen).toContain("A second import is refused");
    expect(await summaries()).toContain("The store was damaged and was recovered");
    const [report] = JSON.parse((await run("store", "recover", "--list", "--json")).stdout) as [
      { aside: string; lost: unknown },
    ];
    expect(report.lost).toEqual([]);
    expect(readFileSync(join(report.aside, "agent33.db")).equals(spoilt)).toBe(true);
    const metrics = await run("learn", "metrics", "list", "--json");
    expect(metrics.stdout).toContain("store.recovery.lost");
    await summaries();
    expect((await summaries()).filter((text) => text.startsWith("The store was"))).toHaveLength(1);
  });

  test("and whoever keeps the store is told, once", async () => {
    const receiver = await alertReceiver();
    const alerts = {
      receivers: { ops: { webhook: `${receiver.url}/engine` } },
      defaultReceivers: ["ops"],
      rules: { PriceTableStale: { enabled: false } },
    };
    writeFileSync(join(folder, "agent33.config.yaml"), JSON.stringify({ alerts }));
    expect((await run("alerts", "check")).code).toBe(0);
    expect(receiver.posted).toEqual([]);
    spoil();
    // Something fires, which is what the exit code says.
    expect((await run("alerts", "check")).code).toBe(1);
    await run("alerts", "check");
    expect(receiver.posted).toMatchObject([
      {
        body: {
          status: "firing",
          groupLabels: { alertname: "StoreRecovered", owner: "store-owner" },
          alerts: [
            {
              labels: { severity: "ticket" },
              annotations: { runbook_url: "docs/operations/alerts/store-recovered.md" },
            },
          ],
        },
      },
    ]);
    expect((await run("metrics")).stdout).toContain("agent33_store_damage_total 1\n");
  });

  test("recovers one whose file is gone", async () => {
    rmSync(database());
    expect(await summaries()).toContain("A second import is refused");
  });

  test("brings back what a damaged write-ahead log has, and keeps it as it was found", async () => {
    const left = freshFolder();
    const dataDir = join(folder, ".agent33");
    const ids = uuidv7Source(systemClock, systemRandom);
    const { tenant, close } = openStore({ dataDir, clock: systemClock, ids });
    for (const id of ["one", "two", "three"]) tenant("default").runs.create(newRun(id));
    // As a process leaves it that is killed.
    cpSync(dataDir, join(left, ".agent33"), { recursive: true });
    close();
    folder = left;
    const log = readFileSync(`${database()}-wal`);
    log[32 + 24 + 100] = (log[32 + 24 + 100] ?? 0) ^ 1;
    writeFileSync(`${database()}-wal`, log);
    const listed = await run("runs", "list", "--json");
    expect(listed.stdout).toContain('"three"');
    const [report] = JSON.parse((await run("store", "recover", "--list", "--json")).stdout) as [
      { aside: string },
    ];
    expect(readFileSync(join(report.aside, "agent33.db-wal")).equals(log)).toBe(true);
  });

  test("says so and fails where another process uses it", async () => {
    const { close } = openStore({
      dataDir: join(folder, ".agent33"),
      clock: systemClock,
      ids: () => "id",
    });
    const bytes = spoil();
    const listed = await run("learn", "list");
    expect(listed).toMatchObject({ code: 1, stdout: "" });
    expect(listed.stderr).toContain("store.in_use");
    close();
    expect(readFileSync(database()).subarray(4096).equals(bytes.subarray(4096))).toBe(true);
  });

  test("only reads it where the settings say readonly", async () => {
    settings("readonly");
    const bytes = readFileSync(database());
    // One page of an index, so that there is something to read.
    const at = bytes.indexOf(Buffer.of(0x0a, 0), 4096 * 4) & ~4095;
    bytes.fill(0, at, at + 4096);
    writeFileSync(database(), bytes);
    const refused = await record("Nothing of this is kept");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("store.damaged");
    expect((await run("runs", "list")).code).toBe(0);
    expect(readFileSync(database()).equals(bytes)).toBe(true);
    expect(existsSync(join(folder, ".agent33", "damaged"))).toBe(false);
  });

  test("fails where the settings say fail, and names the page to follow", async () => {
    settings("fail");
    const bytes = spoil();
    const listed = await run("learn", "list");
    expect(listed.code).toBe(1);
    expect(listed.stderr).toContain("docs/operations/recover.md");
    expect(readFileSync(database()).equals(bytes)).toBe(true);
    expect(readdirSync(join(folder, ".agent33"))).not.toContain("damaged");
  });
});

test("a store without backups and journal begins anew with a backup", async () => {
  rmSync(join(folder, ".agent33", "backups"), { recursive: true });
  rmSync(join(folder, ".agent33", "journal"), { recursive: true });
  const recovered = await run("store", "recover", "--json");
  expect(recovered).toMatchObject({ code: 0 });
  expect(JSON.parse(recovered.stdout)).toMatchObject({ backup: null, history: { parent: null } });
  const listed = await run("store", "backups", "--json");
  expect((JSON.parse(listed.stdout) as { backups: readonly unknown[] }).backups).toHaveLength(1);
});
