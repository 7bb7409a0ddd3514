import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";

test("a list says which rows are damaged, also where it shows no other", async () => {
  const cwd = freshFolder();
  const run = (...words: readonly string[]) => runInProcess(words, cwd, {});
  const record = ["learn", "record", "--type", "bug", "--severity", "low", "--summary"];
  await run(...record, "The export stops half-way");
  await run(...record, "The import stops half-way");
  const past = (sql: string): void => {
    const native = new DatabaseSync(join(cwd, ".agent33/agent33.db"));
    native.exec(sql);
    native.close();
  };
  past("UPDATE signals SET severity = 'high' WHERE seq = 2");
  const { stdout } = await run("learn", "list");
  expect(stdout).toMatch(/damaged, and not shown: .*of table signals[^]*The export stops half-way/);
  past("UPDATE signals SET severity = 'high'");
  const none = await run("learn", "list");
  expect(none.stdout.match(/damaged, and not shown/g)).toHaveLength(2);
  expect(none.stdout).not.toContain("stops half-way");
});
