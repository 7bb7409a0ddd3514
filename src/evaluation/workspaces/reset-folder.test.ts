import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { keepFolder, type KeptFolder } from "./kept-folder.ts";
import { resetFolder } from "./reset-folder.ts";
import { snapshotFolder } from "./workspace-changes.ts";

let dir: string;
let contents: string;
let kept: KeptFolder;
let before: unknown;

const at = (path: string) => join(dir, path);
const nothing = () => false;

beforeEach(async () => {
  dir = temporaryFolder("reset");
  contents = temporaryFolder("contents");
  mkdirSync(at("deep/empty"), { recursive: true });
  writeFileSync(at("plain.txt"), "plain");
  writeFileSync(at("deep/tool.sh"), "#!/bin/sh", { mode: 0o755 });
  symlinkSync("plain.txt", at("link"));
  const keeping = { contents, name: "test", mostBytes: 1_000_000, mostFiles: 100 };
  kept = (await keepFolder(dir, keeping, nothing)) ?? { entries: [] };
  before = await snapshotFolder(dir);
});

/** Everything that an agent may do to files. */
function spoil(): void {
  writeFileSync(at("plain.txt"), "other");
  chmodSync(at("plain.txt"), 0o444);
  unlinkSync(at("link"));
  mkdirSync(at("link/inside"), { recursive: true });
  writeFileSync(at("link/inside/new.txt"), "new");
  rmSync(at("deep"), { recursive: true });
  writeFileSync(at("deep"), "a file now");
  symlinkSync("/etc", at("out"));
}

test("a folder is what it was, whatever was added, changed, removed or put in its place", async () => {
  spoil();
  await resetFolder(kept, contents, dir, nothing);
  expect(await snapshotFolder(dir)).toEqual(before);
  expect(statSync(at("deep/empty")).isDirectory()).toBe(true);
  expect(statSync(at("deep/tool.sh")).mode & 0o777).toBe(0o755);
  expect(readlinkSync(at("link"))).toBe("plain.txt");
  expect(statSync("/etc/hostname").isFile()).toBe(true);
});

test("done again after a crash in the middle it comes to the same", async () => {
  spoil();
  // A content that is not there is as an end half-way.
  const broken: KeptFolder = {
    entries: [
      ...kept.entries.slice(0, 2),
      { kind: "file", path: "lost.txt", sha256: "0".repeat(64), mode: 0o644 },
    ],
  };
  await expect(resetFolder(broken, contents, dir, nothing)).rejects.toMatchObject({
    code: "evaluation.keep_failed",
  });
  await resetFolder(kept, contents, dir, nothing);
  await resetFolder(kept, contents, dir, nothing);
  expect(await snapshotFolder(dir)).toEqual(before);
});

test("places that are left alone stay as they are, in folders that came since too", async () => {
  spoil();
  mkdirSync(at("since/data"), { recursive: true });
  writeFileSync(at("since/data/store.db"), "rows");
  writeFileSync(at("since/other.txt"), "gone soon");
  const places = new Set([at("since/data"), at("plain.txt")]);
  await resetFolder(kept, contents, dir, (path) => places.has(path));
  expect(readFileSync(at("since/data/store.db"), "utf8")).toBe("rows");
  expect(() => statSync(at("since/other.txt"))).toThrow("ENOENT");
  expect(readFileSync(at("plain.txt"), "utf8")).toBe("other");
});
