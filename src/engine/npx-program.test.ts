import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { npxProgram } from "./npx-program.ts";

let place: string;
beforeEach(() => {
  place = temporaryFolder("npx-program");
});

/** A package with one program or more, as npm installs it into a folder of modules. */
function installed(modules: string, name: string, bin: Readonly<Record<string, string>> | string) {
  const folder = join(place, modules, name);
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(place, modules, ".bin"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "1.2.3", bin }));
  const programs = typeof bin === "string" ? { [name.replace(/.*\//, "")]: bin } : bin;
  for (const [program, file] of Object.entries(programs)) {
    writeFileSync(join(folder, file), "");
    symlinkSync(join(folder, file), join(place, modules, ".bin", program));
  }
}

function fetched(folder: string, ...packages: readonly string[]) {
  const file = join(place, ".npm/_npx", folder, "package.json");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, JSON.stringify({ _npx: { packages } }));
}

const started = (...args: readonly string[]) =>
  npxProgram({
    command: "/usr/bin/npx",
    args,
    startFolder: join(place, "app/deep"),
    env: { HOME: place },
  });

const inApp = (program: string) => join(place, "app/node_modules/.bin", program);

test("a package of the project is started by its only program, with what stands after it", () => {
  installed("app/node_modules", "@a/files", { "files-server": "main.js" });
  const expected = { command: inApp("files-server"), args: ["notes", "-y"] };
  expect(started("-y", "@a/files", "notes", "-y")).toEqual(expected);
  expect(started("@a/files@1.2.3", "notes", "-y")).toEqual(expected);
  expect(started("files-server", "notes", "-y")).toEqual(expected);
});

test("of several programs the one with the package's name is started", () => {
  installed("app/node_modules", "@a/files", { other: "other.js", files: "main.js" });
  expect(started("@a/files")?.command).toBe(inApp("files"));
  installed("app/node_modules", "many", { one: "one.js", two: "two.js" });
  expect(started("many")).toBeUndefined();
});

test("another version than the project's is not what was asked for", () => {
  installed("app/node_modules", "files", "main.js");
  expect(started("files")?.command).toBe(inApp("files"));
  expect(started("files@2.0.0")).toBeUndefined();
  expect(started("files@latest")).toBeUndefined();
});

test("what npm has fetched is started where it was asked for in the same words", () => {
  installed(".npm/_npx/aa/node_modules", "files", "main.js");
  fetched("aa", "files@latest");
  installed(".npm/_npx/bb/node_modules", "files", "main.js");
  fetched("bb", "files@latest", "more");
  writeFileSync(join(place, ".npm/_npx/bb/broken.json"), "");
  const command = join(place, ".npm/_npx/aa/node_modules/.bin/files");
  expect(started("-y", "files@latest", "x")).toEqual({ command, args: ["x"] });
  expect(started("files")).toBeUndefined();
});

test("options that are not known here, a package file that is broken and other programs are left to npx", () => {
  installed("app/node_modules", "files", "main.js");
  expect(started("-p", "files", "files")).toBeUndefined();
  expect(started("-y")).toBeUndefined();
  expect(started("../files")).toBeUndefined();
  writeFileSync(join(place, "app/node_modules/files/package.json"), "{");
  expect(started("files@1.2.3")).toBeUndefined();
  const other = { command: "/usr/bin/node", args: ["files"], startFolder: place, env: {} };
  expect(npxProgram(other)).toBeUndefined();
});
