import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { globMatcher } from "../src/base/glob.ts";
import { readSurface } from "../src/evaluation/surface/surface-file.ts";

const root = resolve(import.meta.dirname, "..");
const { probes } = readSurface(join(root, "agent33.surface.yaml"));

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
const files = ["src", "examples", "packs"].flatMap(filesBelow);

// What the probes themselves say, and that each can fail, is tried by `.ci/run`.
describe("this project's surface", () => {
  test("names each probe's own file, and leaves out none", () => {
    const named = probes.map(({ id, run }) => ({
      path: `test/probes/${id}.ts`,
      words: run.slice(1),
    }));
    const own = readdirSync(join(root, "test/probes")).filter((name) => name.endsWith(".ts"));
    expect(new Set(named.map(({ path }) => path))).toEqual(
      new Set(own.map((name) => `test/probes/${name}`)),
    );
    for (const { path, words } of named) expect(words).toEqual([path, "{folder}"]);
  });

  test.each(probes.map(({ id, paths }) => [id, paths] as const))(
    "hangs %s on files that there are",
    (_id, paths) => {
      const gone = paths.filter((path) => !files.some(globMatcher([path])));
      expect(gone).toEqual([]);
    },
  );

  test("has a sabotage for each probe", () => {
    expect(probes.filter(({ sabotage }) => sabotage === undefined)).toEqual([]);
  });
});
