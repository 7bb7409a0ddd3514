import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { diffSnapshots, snapshotFolder } from "./workspace-changes.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-changes-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

type Files = Readonly<Record<string, string>>;

async function writeAll(dir: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

const changesBetween = async (before: Files, after: Files) => {
  const dir = await mkdtemp(join(root, "case-"));
  await writeAll(dir, before);
  const first = await snapshotFolder(dir);
  for (const path of Object.keys(before)) await unlink(join(dir, path));
  await writeAll(dir, after);
  return diffSnapshots(first, await snapshotFolder(dir));
};

describe("snapshots of a folder", () => {
  test("tell added, modified and deleted files with their sizes, in path order", async () => {
    const changes = await changesBetween(
      { "same.txt": "1", "data/gone.csv": "22", "data/kept.csv": "old" },
      { "same.txt": "1", "data/kept.csv": "new", "data/new.csv": "4444", "a.txt": "" },
    );
    expect(changes).toEqual([
      { path: "a.txt", change: "added", bytes: 0 },
      { path: "data/gone.csv", change: "deleted", bytes: 0 },
      { path: "data/kept.csv", change: "modified", bytes: 3 },
      { path: "data/new.csv", change: "added", bytes: 4 },
    ]);
  });

  test("agree with a model of what was written, for any two sets of files", async () => {
    // A name is a file in one folder or another, never both file and folder.
    const path = fc.constantFrom("a", "b.txt", "d/a", "d/é.csv", "d/e/x", "z y");
    const files = fc.dictionary(path, fc.string({ maxLength: 5 }), { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        const changes = await changesBetween(before, after);
        const told = new Map(changes.map((each) => [each.path, each]));
        expect(told.size).toBe(changes.length);
        expect(changes.map((each) => each.path)).toEqual([...told.keys()].sort());
        for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
          const [old, now] = [before[name], after[name]];
          const expected =
            old === now
              ? undefined
              : old === undefined
                ? "added"
                : now === undefined
                  ? "deleted"
                  : "modified";
          expect(told.get(name)?.change).toBe(expected);
          if (now !== undefined && old !== now) {
            expect(told.get(name)?.bytes).toBe(Buffer.byteLength(now));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test("do not follow links, but see that a link leads elsewhere", async () => {
    await writeAll(root, { "outside/secret": "s", "w/file": "f" });
    const workspace = join(root, "w");
    await symlink(join(root, "outside"), join(workspace, "link"));
    const before = await snapshotFolder(workspace);
    expect([...before.keys()]).toEqual(["file", "link"]);
    await unlink(join(workspace, "link"));
    await symlink("file", join(workspace, "link"));
    expect(diffSnapshots(before, await snapshotFolder(workspace))).toEqual([
      { path: "link", change: "modified", bytes: 4 },
    ]);
  });

  test("fail with a typed error for a folder that is not there", async () => {
    await expect(snapshotFolder(join(root, "none"))).rejects.toMatchObject({
      code: "evaluation.snapshot_failed",
    });
  });
});
