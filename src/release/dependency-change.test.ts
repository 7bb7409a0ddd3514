import { expect, test } from "vitest";
import { dependencyChanges, isMajor } from "./dependency-change.ts";

const json = (value: unknown): string => JSON.stringify(value);

test("names what was added, removed and changed, by section, and which may break", () => {
  const { named, unread } = dependencyChanges([
    {
      path: "package.json",
      before: json({ dependencies: { a: "^1.2.0", b: "1.0.0", g: "git+ssh://x" } }),
      after: json({ dependencies: { a: "^2.0.0", g: "2.0.0" }, devDependencies: { c: "1.0.0" } }),
    },
  ]);
  expect(unread).toEqual([]);
  expect(
    named.map(({ section, name, before, after, major }) => [section, name, before, after, major]),
  ).toEqual([
    ["dependencies", "a", "^1.2.0", "^2.0.0", true],
    ["dependencies", "b", "1.0.0", null, null],
    ["dependencies", "g", "git+ssh://x", "2.0.0", null],
    ["devDependencies", "c", null, "1.0.0", null],
  ]);
});

test("counts what is installed, and names new scripts and major versions", () => {
  const lock = (packages: object): string => json({ lockfileVersion: 3, packages });
  const { locked } = dependencyChanges([
    {
      path: "package-lock.json",
      before: lock({
        "": {},
        "node_modules/a": { version: "1.0.0" },
        "node_modules/b": { version: "1.0.0" },
      }),
      after: lock({
        "": {},
        "node_modules/a": { version: "2.0.0", hasInstallScript: true },
        "node_modules/a/node_modules/c": { version: "0.1.0" },
      }),
    },
  ]);
  expect(locked).toEqual([
    {
      path: "package-lock.json",
      added: 1,
      removed: 1,
      changed: 1,
      major: ["a 1.0.0 → 2.0.0"],
      scripts: ["a 2.0.0"],
    },
  ]);
});

test("says what it cannot read, and at which side", () => {
  const { unread } = dependencyChanges([
    { path: "package.json", before: "{", after: "[]" },
    { path: "package-lock.json", before: undefined, after: json({ lockfileVersion: 1 }) },
    { path: "go.mod", before: "x", after: "y" },
  ]);
  expect(unread.map(({ path, side }) => `${path} ${side}`)).toEqual([
    "package.json base",
    "package.json head",
    "package-lock.json head",
    "go.mod base",
    "go.mod head",
  ]);
});

test.each([
  ["1.2.3", "1.3.0", false],
  ["^1.2.3", "~2.0.0", true],
  ["0.1.9", "0.2.0", true],
  ["0.1.0", "0.1.1", false],
  ["v1", "v2", true],
  ["latest", "2.0.0", null],
])("from %s to %s is major: %s", (before, after, major) => {
  expect(isMajor(before, after)).toBe(major);
});
