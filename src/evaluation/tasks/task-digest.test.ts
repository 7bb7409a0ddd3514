import { chmod, cp, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { taskDigest } from "./task-digest.ts";
import { writeTomlTask } from "./task.fixture.ts";

let root: string;
let dir: string;
let before: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-digest-"));
  dir = await writeTomlTask(join(root, "task"));
  before = await taskDigest({ dir });
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("the digest of a task", () => {
  test("is the same on every machine", async () => {
    // Written down once: a change here makes every result of before another task's.
    expect(before).toBe("0d8451b2e6d866f0472b46131117405c2ad0762c4d60d3b0cc922c4de6e083c0");
  });

  test("is the same elsewhere, with other times, another owner's rights and a folder more", async () => {
    const copy = join(root, "other name");
    await cp(dir, copy, { recursive: true });
    await utimes(join(copy, "tests", "test.sh"), 1, 2);
    await chmod(join(copy, "tests", "test.sh"), 0o600);
    expect(await taskDigest({ dir: copy })).toBe(before);
  });

  const changes: [string, () => Promise<unknown>][] = [
    ["a test", () => writeFile(join(dir, "tests", "test.sh"), "exit 1\n")],
    ["the settings", () => writeFile(join(dir, "task.toml"), 'version = "1.1"\n')],
    ["the instruction", () => writeFile(join(dir, "instruction.md"), "Do it!\n")],
    ["what a file is called", () => cp(join(dir, "task.toml"), join(dir, "task.tom"))],
    ["whether a file may be run", () => chmod(join(dir, "tests", "test.sh"), 0o755)],
    ["a link", () => symlink("task.toml", join(dir, "link"))],
    ["a file that is hidden", () => writeFile(join(dir, "environment", ".env"), "A=1\n")],
  ];
  test.each(changes)("changes with %s", async (_what, change) => {
    await change();
    expect(await taskDigest({ dir })).not.toBe(before);
  });

  test("tells a link from a file that holds the link's target", async () => {
    await symlink("x", join(dir, "a"));
    const linked = await taskDigest({ dir });
    await rm(join(dir, "a"));
    await writeFile(join(dir, "a"), "link:x");
    expect(await readFile(join(dir, "a"), "utf8")).toBe("link:x");
    expect(await taskDigest({ dir })).not.toBe(linked);
  });
});
