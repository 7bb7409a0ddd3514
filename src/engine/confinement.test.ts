import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { type ConfinedProgram, confinedStart } from "./confinement.ts";

let place: string;
beforeEach(() => {
  place = temporaryFolder("confinement");
});

const made = (path: string, text = ""): string => {
  const file = join(place, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
};

const start = (program: Partial<ConfinedProgram>) =>
  confinedStart({
    command: "/usr/bin/true",
    args: [],
    cwd: place,
    hosts: [],
    writable: [],
    readOnly: [],
    hidden: [],
    nodePath: process.execPath,
    ...program,
  });

describe("what a server is shown", () => {
  test("is nothing of this machine's for a program of the system without arguments", () => {
    expect(start({ args: ["--port", "1"] })).toEqual({
      command: "/usr/bin/true",
      confinement: {
        network: "none",
        writable: [],
        onlyWorkspace: true,
        readOnly: [],
        hidden: [],
      },
    });
  });

  test("stays in its workspace where it has no network and is told of no other folder", () => {
    for (const folder of ["work/sub", "docs"]) mkdirSync(join(place, folder), { recursive: true });
    const workspace = join(place, "work");
    const stays = (program: Partial<ConfinedProgram>) =>
      start({ workspace, ...program }).confinement.onlyWorkspace;
    expect(stays({ args: ["work/sub", "work"] })).toBe(true);
    expect(stays({ args: ["work", "docs"] })).toBe(false);
    expect(stays({ writable: [join(place, "docs")] })).toBe(false);
    expect(stays({ hosts: ["a.example"] })).toBe(false);
  });

  test("may only be read in a scratch copy, but for the copy itself", () => {
    for (const folder of ["work", "docs", "cache"]) mkdirSync(join(place, folder));
    const [workspace, docs, cache] = ["work", "docs", "cache"].map((name) => join(place, name));
    const { confinement } = start({
      scratch: true,
      workspace,
      args: ["docs"],
      writable: [cache ?? ""],
    });
    expect(confinement).toMatchObject({
      writable: [workspace],
      readOnly: [cache, docs],
      onlyWorkspace: false,
    });
  });

  test("are the folders on its command line, to write, and no others", () => {
    mkdirSync(join(place, "docs"));
    const { confinement } = start({ args: [join(place, "docs"), join(place, "absent"), "docs"] });
    expect(confinement).toMatchObject({ writable: [join(place, "docs")], readOnly: [] });
  });

  test("is the package around a script, by an absolute name or one of its own folder", () => {
    made("app/package.json", "{}");
    const script = made("app/src/server.mjs");
    const node = { command: process.execPath, args: [script] };
    expect(start(node)).toMatchObject({
      command: "node",
      confinement: { readOnly: [join(place, "app")] },
    });
    const there = { command: process.execPath, args: ["src/server.mjs"], cwd: join(place, "app") };
    expect(start(there).confinement.readOnly).toEqual([join(place, "app")]);
  });

  test("are all modules beside the package that a program is installed in", () => {
    const program = made("app/node_modules/server/dist/index.js");
    made("app/node_modules/server/package.json", "{}");
    mkdirSync(join(place, "app/node_modules/.bin"), { recursive: true });
    symlinkSync(program, join(place, "app/node_modules/.bin/server"));
    const command = join(place, "app/node_modules/.bin/server");
    expect(start({ command }).confinement.readOnly).toEqual([join(place, "app/node_modules")]);
  });

  test("is the place that a program is installed in, which is started there where a link names it", () => {
    made("tool/pyvenv.cfg");
    const program = made("tool/bin/server");
    mkdirSync(join(place, "bin"));
    symlinkSync(program, join(place, "bin/server"));
    const started = start({ command: join(place, "bin/server") });
    expect(started.command).toBe(program);
    expect(started.confinement.readOnly).toEqual([join(place, "tool")]);
  });

  test("is of a script in the workspace nothing around the workspace", () => {
    made("app/package.json", "{}");
    made("app/scratch/server.mjs");
    const workspace = join(place, "app/scratch");
    const program = { command: process.execPath, args: ["server.mjs"], cwd: workspace, workspace };
    expect(start(program).confinement).toMatchObject({ writable: [workspace], readOnly: [] });
  });

  test("is the whole virtual environment of a Python program", () => {
    made("venv/pyvenv.cfg");
    const command = made("venv/bin/server");
    expect(start({ command }).confinement.readOnly).toEqual([join(place, "venv")]);
  });

  test("are folders by names from where it starts, and behind an option's name", () => {
    mkdirSync(join(place, "docs"));
    mkdirSync(join(place, "more"));
    const { confinement } = start({ args: ["docs", "--root=more", "--docs"] });
    expect(confinement.writable).toEqual([join(place, "docs"), join(place, "more")]);
  });

  test("is of a file that is no script this file only, whatever lies around it", () => {
    made("app/package.json", "{}");
    const file = made("app/notes.db");
    const { readOnly } = start({ args: ["--db-path", file] }).confinement;
    expect(readOnly).toEqual([file]);
  });

  test("is never a whole home for the sake of a script in it, nor what is around the home", () => {
    made("me/package.json", "{}");
    const home = join(place, "me");
    const script = made("me/server.mjs");
    const deeper = made("me/tools/server.mjs");
    const beside = made("beside.mjs");
    const { readOnly } = start({ args: [script, deeper, beside], home }).confinement;
    expect(readOnly).toEqual([script, join(home, "tools"), beside]);
  });

  test("is the environment of a Python that is a link, and the modules of the one behind it", () => {
    made("python/lib/python3.11/os.py");
    const python = made("python/bin/python3.11");
    made("venv/pyvenv.cfg");
    mkdirSync(join(place, "venv/bin"));
    const command = join(place, "venv/bin/python");
    symlinkSync(python, command);
    const { readOnly } = start({ command }).confinement;
    expect(readOnly).toEqual([
      join(place, "python/bin"),
      join(place, "python/lib"),
      join(place, "venv"),
    ]);
  });

  test("is nothing of what is hidden, even by name, but the run's workspace", () => {
    const store = made("data/store.db");
    const hidden = [join(place, "data"), join(place, "not there")];
    const { confinement } = start({
      args: ["--db", store, "data"],
      readOnly: [store],
      workspace: join(place, "data/runs/1"),
      hidden,
    });
    expect(confinement).toMatchObject({ writable: [join(place, "data/runs/1")], readOnly: [] });
  });

  test("has a network only where hosts are named, and hides what it is told to", () => {
    expect(start({ hosts: ["api.example.org"], hidden: ["/x"] }).confinement).toMatchObject({
      network: "host",
      hidden: ["/x"],
    });
  });
});
