import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { TestProject } from "vitest/node";
import { setup } from "./run-folder.ts";

const projectOf = (config: object): TestProject => ({ config }) as TestProject;

test("a run of the tests has a temporary folder of its own, which goes when it ends", () => {
  const outside = tmpdir();
  const end = setup(projectOf({}));
  const inside = tmpdir();
  expect(dirname(inside)).toBe(outside);
  expect(statSync(inside).mode & 0o777).toBe(0o711);
  end();
  expect(tmpdir()).toBe(outside);
  expect(existsSync(inside)).toBe(false);
});

test("a run that leaves something behind fails and names it, but for one of tests picked by name", () => {
  for (const [config, fails] of [
    [{}, true],
    [{ testNamePattern: /one/ }, false],
  ] as const) {
    const end = setup(projectOf(config));
    const left = join(tmpdir(), "agent33-left-1");
    writeFileSync(left, "");
    if (fails) expect(end).toThrow(/agent33-left-1/);
    else end();
    expect(existsSync(left)).toBe(false);
  }
});

test("what the tests of a run share is in its folder, goes with it, and is not left behind", () => {
  const names = ["NODE_COMPILE_CACHE", "POSTGRES_TESTS"];
  const outside = names.map((name) => process.env[name]);
  const end = setup(projectOf({}));
  const inside = names.map((name) => process.env[name] ?? "");
  for (const place of inside) {
    expect(dirname(place)).toBe(tmpdir());
    mkdirSync(place, { recursive: true });
  }
  end();
  expect(inside.filter((place) => existsSync(place))).toEqual([]);
  expect(names.map((name) => process.env[name])).toEqual(outside);
});
