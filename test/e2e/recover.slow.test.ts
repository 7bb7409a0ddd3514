import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";

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

  test("recovers one whose file is gone", async () => {
    rmSync(database());
    expect(await summaries()).toContain("A second import is refused");
  });

  test("says so and fails where another process uses it", async () => {
    const { close } = openStore({
      dataDir: join(folder, ".agent33"),
      clock: (await import("../../src/base/clock.ts")).systemClock,
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
