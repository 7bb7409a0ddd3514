import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bwrapStart } from "./bwrap-arguments.ts";
import { shownPath, workspaceView } from "./view.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-arguments-")));
});
afterEach(() => rmSync(folder, { recursive: true }));

const filter = Buffer.from("filter");
const start = (workspace: string, readOnlyBinds: readonly string[] = []) => {
  const rest = { nodePath: process.execPath, tmpBytes: 5_000 };
  const view = { ...workspaceView({ workspace, readOnlyBinds }, rest), filter };
  const { args, inputs } = bwrapStart(view, ["echo", "hi"]);
  return {
    args,
    inputs,
    options: Buffer.from(inputs[0] ?? [])
      .toString()
      .split("\0"),
  };
};
const after = (options: readonly string[], flag: string) => options[options.indexOf(flag) + 1];

describe("bwrapStart", () => {
  test("asks for every part of the isolation", () => {
    const { options } = start(folder);
    for (const flag of [
      "--unshare-user",
      "--unshare-all",
      "--disable-userns",
      "--die-with-parent",
      "--new-session",
      "--clearenv",
    ]) {
      expect(options).toContain(flag);
    }
    expect(after(options, "--cap-drop")).toBe("ALL");
    expect(options).not.toContain("--share-net");
    expect(options.filter((option) => option === "--bind")).toHaveLength(1);
    expect(options.slice(-3)).toEqual(["--remount-ro", "/", ""]);
  });

  test("keeps the host's paths off the command line, where the command could read them", () => {
    expect(start(folder).args).toEqual(["--args", "3", "--", "echo", "hi"]);
  });

  test("names the descriptors in the order of the inputs", () => {
    const { inputs, options } = start(folder);
    expect(inputs[Number(after(options, "--seccomp")) - 3]).toEqual(filter);
    const hosts = options[options.indexOf("/etc/hosts") - 1];
    expect(Buffer.from(inputs[Number(hosts) - 3] ?? []).toString()).toContain("localhost");
  });

  test("mounts outer folders before inner ones, whichever may be written", () => {
    mkdirSync(join(folder, "work", "fixed"), { recursive: true });
    const { options } = start(join(folder, "work"), [join(folder, "work", "fixed"), folder]);
    const binds = options.flatMap((option, index) =>
      (option === "--bind" || option === "--ro-bind") && options[index + 1]?.startsWith(folder)
        ? [[option, options[index + 1]]]
        : [],
    );
    expect(binds).toEqual([
      ["--ro-bind", folder],
      ["--bind", join(folder, "work")],
      ["--ro-bind", join(folder, "work", "fixed")],
    ]);
    expect(after(options, "--chdir")).toBe(join(folder, "work"));
  });

  test("shows a linked folder at its real path", () => {
    mkdirSync(join(folder, "real"));
    symlinkSync("real", join(folder, "link"));
    expect(after(start(join(folder, "link")).options, "--chdir")).toBe(join(folder, "real"));
    symlinkSync("/proc", join(folder, "trick"));
    expect(() => shownPath(join(folder, "trick"))).toThrow(/holds \/proc/);
  });
});
