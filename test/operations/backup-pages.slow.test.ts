import { expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { commandsOf, runPage } from "../support/page-commands.ts";

/** A store with signals, the last of them after its backup. */
async function backedUpStore(): Promise<string> {
  const folder = freshFolder();
  const run = async (...words: readonly string[]): Promise<void> => {
    const { code, stderr } = await runInProcess(words, folder, {});
    expect(stderr).toBe("");
    expect(code).toBe(0);
  };
  const record = (what: string) =>
    run("learn", "record", "--type", "bug", "--severity", "high", "--summary", what);
  await record("The export stops half-way");
  await record("A second import is refused");
  await run("store", "backup");
  await record("The clock of the build machine is late");
  return folder;
}

test.each([
  "docs/operations/backup.md",
  "docs/operations/restore.md",
  "docs/operations/recover.md",
])(
  "%s shows what its commands print",
  async (page) => {
    expect(commandsOf(page).length).toBeGreaterThan(3);
    const results = await runPage(page, await backedUpStore());
    expect(results.filter(({ agrees, code }) => !agrees || code !== 0)).toEqual([]);
  },
  120_000,
);

test("a page that shows something else is found", async () => {
  const folder = freshFolder();
  const [first] = await runPage("docs/operations/backup.md", folder);
  expect(first).toMatchObject({ agrees: false, code: 1 });
  expect(first?.printed).toContain("store.missing");
});
