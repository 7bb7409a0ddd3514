import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cliCommands } from "../../docs/reference/cli-and-api-page.ts";
import { projectRoot } from "../support/cli.ts";

/** What the page tells people to type, by its file: the words before the first option or value. */
function named(): readonly string[] {
  const folder = join(projectRoot, "dashboard/src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".tsx"))
    .flatMap((path) => [
      ...readFileSync(join(folder, path), "utf8").matchAll(
        /agent33((?: [a-z][a-z-]*)+)(?=[^a-z-]|$)/g,
      ),
    ])
    .map(([, words = ""]) => words.trim());
}

test("every command that the page names is one that there is", () => {
  const known = cliCommands().map(({ words }) => `${words} `);
  const isThere = (words: string): boolean =>
    known.some((command) => command.startsWith(`${words} `) || `${words} `.startsWith(command));
  const all = named();
  expect(all.length).toBeGreaterThan(10);
  expect(all).toContain("learn intakes generate");
  expect(all.filter((words) => !isThere(words))).toEqual([]);
  expect(isThere("store check")).toBe(false);
});
