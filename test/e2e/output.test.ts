import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, startCli } from "../support/cli.ts";

test("output longer than a pipe holds comes whole, also to a reader that takes its time", async () => {
  const folder = freshFolder();
  const names = Array.from({ length: 300 }, (_, index) => `skill-${index}`);
  for (const name of names) {
    const home = join(folder, ".agents/skills", name);
    mkdirSync(home, { recursive: true });
    const description = "Does what its name says. ".repeat(30).trim();
    writeFileSync(
      join(home, "SKILL.md"),
      `---\nname: ${name}\ndescription: ${description}\n---\nDo it.\n`,
    );
  }
  const { child, ended } = startCli(["skills", "list", "--json"], { cwd: folder });
  child.stdout?.pause();
  setTimeout(() => child.stdout?.resume(), 1_500);
  const { code, stdout } = await ended;
  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(200_000);
  expect(names.filter((name) => !stdout.includes(`"${name}"`))).toEqual([]);
});
