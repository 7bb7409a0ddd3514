import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { copyFolder, keepFolder, restoreFolder } from "./kept-folder.ts";

let place: string;
let from: string;
let contents: string;
beforeEach(() => {
  place = temporaryFolder("kept");
  from = join(place, "from");
  contents = join(place, "contents");
  mkdirSync(join(from, "sub/empty"), { recursive: true });
  writeFileSync(join(from, "a.txt"), "same");
  writeFileSync(join(from, "sub/b.txt"), "same");
  writeFileSync(join(from, "run.sh"), "#!/bin/sh\n");
  chmodSync(join(from, "run.sh"), 0o755);
  symlinkSync("a.txt", join(from, "near"));
  symlinkSync(join(from, "sub/b.txt"), join(from, "far"));
  symlinkSync("/etc/hostname", join(from, "out"));
});

const keeping = (most: { readonly mostBytes?: number; readonly mostFiles?: number } = {}) => ({
  contents,
  name: "r1",
  mostBytes: 1_000,
  mostFiles: 10,
  ...most,
});
const all = () => false;
const keptFiles = () =>
  readdirSync(contents, { recursive: true }).filter((name) => /\/[0-9a-f]{64}/.test(String(name)));

function expectCopy(to: string): void {
  expect(readFileSync(join(to, "a.txt"), "utf8")).toBe("same");
  expect(readFileSync(join(to, "sub/b.txt"), "utf8")).toBe("same");
  expect(statSync(join(to, "run.sh")).mode & 0o777).toBe(0o755);
  expect(readdirSync(join(to, "sub/empty"))).toEqual([]);
  expect(readlinkSync(join(to, "near"))).toBe("a.txt");
  expect(readlinkSync(join(to, "far"))).toBe(join(to, "sub/b.txt"));
  expect(readlinkSync(join(to, "out"))).toBe("/etc/hostname");
}

describe("a folder that is kept", () => {
  test("comes back as it was, whatever became of it", async () => {
    const kept = await keepFolder(from, keeping(), all);
    writeFileSync(join(from, "a.txt"), "changed");
    const to = join(place, "to");
    if (kept !== undefined) await restoreFolder(kept, contents, to, from);
    expectCopy(to);
  });

  test("holds each content once, also of another time, for its owner alone", async () => {
    await keepFolder(from, keeping(), all);
    await keepFolder(from, keeping(), all);
    expect(keptFiles()).toHaveLength(2);
    for (const name of keptFiles()) {
      expect(statSync(join(contents, String(name))).mode & 0o077).toBe(0);
    }
  });

  test.each([{ mostBytes: 17 }, { mostFiles: 2 }])(
    "is not kept at all where it is more than %j",
    async (most) => {
      expect(await keepFolder(from, keeping(most), all)).toBeUndefined();
      expect(existsSync(contents)).toBe(false);
    },
  );

  test("leaves out what it is told to", async () => {
    const kept = await keepFolder(from, keeping(), (folder) => folder === join(from, "sub"));
    expect(kept?.entries.some(({ path }) => path.startsWith("sub"))).toBe(false);
  });

  test("does not come back without its contents", async () => {
    const kept = await keepFolder(from, keeping(), all);
    const lost = restoreFolder(
      kept ?? { entries: [] },
      join(place, "nowhere"),
      join(place, "to"),
      from,
    );
    await expect(lost).rejects.toMatchObject({ code: "evaluation.keep_failed" });
  });
});

test("a folder can be copied into a place of its own that is left out", async () => {
  const to = join(from, "data/copy");
  await copyFolder(from, to, (folder) => folder === join(from, "data"));
  expectCopy(to);
  expect(existsSync(join(to, "data"))).toBe(false);
});
