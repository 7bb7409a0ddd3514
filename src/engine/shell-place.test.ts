import { mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { checkShellPlace } from "./shell-place.ts";

let base = "";
let workspace = "";
beforeEach(() => {
  base = realpathSync(temporaryFolder("place"));
  workspace = join(base, "work");
  mkdirSync(join(workspace, "..data"), { recursive: true });
  symlinkSync(workspace, join(base, "link"));
});

test.each([
  ["the workspace itself", "work"],
  ["a file in it", "work/agent33.config.yaml"],
  ["a folder in it whose name begins with two dots", "work/..data"],
  ["what is not there yet, deep in it", "work/a/b/c"],
  ["the workspace by another name", "link/.agent33"],
])("a shell is refused where it could change %s", (_what, path) => {
  expect(() => checkShellPlace(workspace, [join(base, "other"), join(base, path)])).toThrow(
    expect.objectContaining({
      code: "engine.data_in_workspace",
      message: expect.stringContaining(join(base, path)),
    }),
  );
});

test.each([
  ["beside it", "other"],
  ["above it", "."],
  ["where only the name begins alike", "work-data"],
])("a shell may work where what is trusted lies %s", (_where, path) => {
  expect(() => checkShellPlace(workspace, [join(base, path)])).not.toThrow();
});

test("a shell needs a workspace", () => {
  expect(() => checkShellPlace(null, [])).toThrow(
    expect.objectContaining({ code: "engine.shell_without_workspace" }),
  );
});
