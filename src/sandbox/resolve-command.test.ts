import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolveCommand } from "./resolve-command.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "agent33-resolve-")));
});
afterEach(() => rmSync(root, { recursive: true }));

function program(path: string, mode = 0o755): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, mode);
  return file;
}

const resolved = (command: string, startFolder = "a/b") => {
  mkdirSync(join(root, startFolder), { recursive: true });
  return resolveCommand(command, {
    startFolder: join(root, startFolder),
    pathEntries: [join(root, "bin1"), join(root, "bin2")],
  });
};

test("takes the nearest node_modules/.bin first, then the parents', then PATH in order", () => {
  const second = program("bin2/tool");
  expect(resolved("tool")).toEqual({ ok: true, value: second });
  const first = program("bin1/tool");
  expect(resolved("tool")).toEqual({ ok: true, value: first });
  const far = program("node_modules/.bin/tool");
  expect(resolved("tool")).toEqual({ ok: true, value: far });
  const near = program("a/b/node_modules/.bin/tool");
  expect(resolved("tool")).toEqual({ ok: true, value: near });
});

test("takes a path as it is, relative to the start folder", () => {
  const file = program("a/b/scripts/run");
  expect(resolved("./scripts/run")).toEqual({ ok: true, value: file });
  expect(resolved(file)).toEqual({ ok: true, value: file });
});

test("passes over folders and files that cannot be executed", () => {
  mkdirSync(join(root, "bin1/tool"), { recursive: true });
  program("a/node_modules/.bin/tool", 0o644);
  const usable = program("bin2/tool");
  expect(resolved("tool")).toEqual({ ok: true, value: usable });
});

test("says where it looked when there is nothing", () => {
  const outcome = resolved("absent");
  expect(outcome).toMatchObject({
    ok: false,
    error: { code: "sandbox.command_not_found", hint: expect.stringContaining("npm install") },
  });
  expect(!outcome.ok && outcome.error.details?.["looked"]).toContain(join(root, "bin1"));
  expect(resolved("./absent").ok).toBe(false);
});
