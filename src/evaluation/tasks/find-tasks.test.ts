import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findTasks, type FoundTasks, type TaskFilter } from "./find-tasks.ts";
import { writeDocumentTask, writeTomlTask } from "./task.fixture.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-tasks-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const names = ({ tasks }: FoundTasks) => tasks.map((task) => task.name);
const reasons = ({ refused }: FoundTasks) =>
  refused.map(({ path, error }) => [path.slice(root.length + 1), error.code]);

describe("finding tasks", () => {
  test("takes a folder that is a task as that task", async () => {
    const dir = await writeTomlTask(join(root, "one"));
    expect(names(await findTasks(dir))).toEqual(["one"]);
  });

  test("takes the subfolders in the order of their names, whatever their layout", async () => {
    await writeTomlTask(join(root, "b"));
    await writeDocumentTask(join(root, "a"));
    await writeTomlTask(join(root, "C"));
    const found = await findTasks(root);
    expect(names(found)).toEqual(["C", "a", "b"]);
    expect(found.refused).toEqual([]);
  });

  test("says of each subfolder that is no task why, and passes over files and hidden folders", async () => {
    await writeTomlTask(join(root, "good"));
    await writeTomlTask(join(root, "broken"), { "task.toml": "version = " });
    await mkdir(join(root, "notes"));
    await mkdir(join(root, ".git"));
    await writeFile(join(root, "README.md"), "x");
    await symlink("nowhere", join(root, "gone"));
    await symlink("README.md", join(root, "linked"));
    const found = await findTasks(root);
    expect(names(found)).toEqual(["good"]);
    expect(reasons(found)).toEqual([
      ["broken", "evaluation.task_malformed"],
      ["gone", "evaluation.task_not_found"],
      ["linked", "evaluation.task_unreadable"],
      ["notes", "evaluation.task_not_found"],
    ]);
  });

  test("refuses a folder that looks like a task and is broken, instead of what lies in it", async () => {
    await writeTomlTask(join(root, "broken"), { "task.toml": "version = " });
    expect(reasons(await findTasks(join(root, "broken")))).toEqual([
      ["broken", "evaluation.task_malformed"],
    ]);
  });

  test("refuses a path that is not there", async () => {
    expect(reasons(await findTasks(join(root, "none")))).toEqual([
      ["none", "evaluation.task_not_found"],
    ]);
  });

  const filters: [TaskFilter, string[]][] = [
    [{ include: ["a*"] }, ["a-one", "a-two"]],
    [{ include: ["a-one", "b"] }, ["a-one", "b"]],
    [{ exclude: ["*-two"] }, ["a-one", "b"]],
    [{ include: ["a*"], exclude: ["a-one"] }, ["a-two"]],
    [{ include: [] }, []],
  ];
  test.each(filters)("keeps to the names that %j lets through", async (filter, expected) => {
    for (const name of ["a-one", "a-two", "b"]) await writeTomlTask(join(root, name));
    await mkdir(join(root, "none"));
    const found = await findTasks(root, {
      ...filter,
      exclude: [...(filter.exclude ?? []), "none"],
    });
    expect(names(found)).toEqual(expected);
    expect(found.refused).toEqual([]);
  });
});
