import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { fileRefusal, readWorkspaceFile, type Workspace, writeNewFile } from "./files.ts";

let workspace: Workspace;
let outside: string;
beforeEach(() => {
  const base = temporaryFolder("files");
  const root = join(base, "work");
  outside = join(base, "outside");
  for (const folder of [root, outside, join(root, "sub"), join(root, ".agent33")]) {
    mkdirSync(folder);
  }
  writeFileSync(join(root, "a.bin"), Uint8Array.of(0, 255, 10));
  writeFileSync(join(root, ".agent33", "store"), "the engine's own");
  writeFileSync(join(outside, "secret.txt"), "untouched");
  symlinkSync(join(outside, "secret.txt"), join(root, "link.txt"));
  symlinkSync(outside, join(root, "out"));
  workspace = { root, closed: [join(root, ".agent33")] };
});
const at = (path: string): string => join(workspace.root, path);
const code = (room: string) => ({ code: `workspace.${room}` });

describe("a file of the workspace", () => {
  test("is read as it is, up to the limit", async () => {
    expect(await readWorkspaceFile(workspace, "a.bin", 3)).toEqual(Uint8Array.of(0, 255, 10));
    await expect(readWorkspaceFile(workspace, "a.bin", 2)).rejects.toMatchObject({
      ...code("not_readable"),
      message: expect.stringContaining("3 bytes, and 2 are the most"),
    });
  });

  test.each([
    ["link.txt", "not_readable"],
    ["sub", "not_readable"],
    ["none.txt", "not_readable"],
    ["out/secret.txt", "path_refused"],
    ["../outside/secret.txt", "path_refused"],
    [".agent33/store", "path_refused"],
    ["no/where.txt", "no_folder"],
  ])("is not read through %s", async (path, why) => {
    await expect(readWorkspaceFile(workspace, path, 1_000)).rejects.toMatchObject(code(why));
  });

  test("is made where there is none", async () => {
    await writeNewFile(workspace, "sub/new.bin", Uint8Array.of(1, 0, 2));
    expect(readFileSync(at("sub/new.bin"))).toEqual(Buffer.of(1, 0, 2));
  });

  test.each([
    ["a.bin", "not_writable"],
    ["link.txt", "not_writable"],
    ["out/new.txt", "path_refused"],
    [".agent33/new", "path_refused"],
  ])("is not made over or through %s", async (path, why) => {
    await expect(writeNewFile(workspace, path, Uint8Array.of(1))).rejects.toMatchObject(code(why));
    expect(readFileSync(join(outside, "secret.txt"), "utf8")).toBe("untouched");
    expect(existsSync(join(outside, "new.txt"))).toBe(false);
  });

  test("that cannot be used is told to the model; other failures are not", async () => {
    const error: unknown = await readWorkspaceFile(workspace, "none.txt", 9).catch((one) => one);
    expect(fileRefusal(error)).toEqual({
      content: 'Cannot read "none.txt": there is no such file.',
      isError: true,
    });
    expect(fileRefusal(new Error("something else"))).toBeUndefined();
  });
});
