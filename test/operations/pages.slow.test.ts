import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, projectRoot } from "../support/cli.ts";
import { commandsOf, runPage, type StandIns } from "../support/page-commands.ts";
import { describePostgres } from "../support/postgres-tests.ts";
import { pageFolders } from "./page-folders.ts";

const rooms = "docs/operations";
const listed = readdirSync(join(projectRoot, rooms)).filter(
  (name) => name.endsWith(".md") && name !== "README.md",
);
/** They need a container engine, which is not here: what of them can be tried is in test/deploy. */
const withContainers = ["monitoring.md"];
const pages = listed.filter((name) => !withContainers.includes(name));
/** Pages that need a database. */
const withDatabase = ["move-to-postgresql.md"];

async function follow(page: string, standIns: StandIns = {}): Promise<void> {
  const path = `${rooms}/${page}`;
  const commands = commandsOf(path);
  expect(commands.length).toBeGreaterThan(3);
  const results = await runPage(path, (await pageFolders[page]?.()) ?? "", standIns);
  expect(results.filter(({ agrees }) => !agrees)).toEqual([]);
  expect(results).toHaveLength(commands.length);
}

test("every page of operations is followed, and is in their index", () => {
  expect(Object.keys(pageFolders).sort()).toEqual(pages.toSorted());
  const index = readFileSync(join(projectRoot, rooms, "README.md"), "utf8");
  expect(listed.filter((page) => !index.includes(`](${page})`))).toEqual([]);
  expect(commandsOf(`${rooms}/README.md`)).toEqual([]);
});

test.each(pages.filter((page) => !withDatabase.includes(page)))(
  "%s shows what its commands print",
  (page) => follow(page),
  120_000,
);

describePostgres("with a database", "shared", (server) => {
  test.each(withDatabase)(
    "%s shows what its commands print",
    async (page) => {
      const url = await server().freshDatabase();
      await follow(page, { "postgres://agent33@db.example/agent33": url });
    },
    120_000,
  );
});

test("a page that shows something else is found", async () => {
  const folder = freshFolder();
  const [first] = await runPage("docs/operations/backup.md", folder);
  expect(first).toMatchObject({ agrees: false, code: 1 });
  expect(first?.printed).toContain("store.missing");
});
