import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Agent33Error } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";
import { loadPacks, readLibrary } from "./load.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, name: string, more = "", rules = "rules: []"): string {
  const path = join(folder, file);
  writeFileSync(
    path,
    `pack: ${name}\nversion: 1\ndescription: d\ndefault: deny\n${more}\n${rules}\n`,
  );
  return path;
}

function failure(run: () => unknown): Agent33Error {
  const result = attempt(run);
  if (result.ok) throw new Error("no error");
  return result.error;
}

describe("choosing packs", () => {
  test("finds the shipped packs, each under the name of its file", () => {
    expect([...readLibrary().keys()]).toEqual([
      "air-gapped",
      "default",
      "mcp-readonly",
      "messaging-outbound",
      "model-budget",
      "strict-web",
    ]);
  });

  test("brings the extended packs along, before the extending, each once", () => {
    write("a.yaml", "a", "extends: [strict-web, b]");
    write("b.yml", "b", "extends: [default]");
    const packs = loadPacks({ select: ["default", "a", "a", "mcp-readonly"], paths: [folder] });
    expect(packs.map((pack) => pack.name)).toEqual([
      "default",
      "strict-web",
      "b",
      "a",
      "mcp-readonly",
    ]);
  });

  test("reads a file given by its path, also when its folder is given too", () => {
    const path = write("a.yaml", "a");
    expect(loadPacks({ select: ["a"], paths: [path, folder] })).toHaveLength(1);
  });

  test("leaves other files of a folder alone", () => {
    writeFileSync(join(folder, "README.md"), "no: [yaml");
    expect(readLibrary([folder]).size).toBe(6);
  });
});

describe("refuses to start", () => {
  test("with a misspelt pack name, and says the nearest", () => {
    const error = failure(() => loadPacks({ select: ["strict-wep"] }));
    expect(error.code).toBe("policy.unknown_pack");
    expect(error.message).toContain('"strict-wep"');
    expect(error.hint).toBe('Did you mean "strict-web"?');
  });

  test("with a pack name in another case", () => {
    expect(failure(() => loadPacks({ select: ["Default"] })).hint).toBe('Did you mean "default"?');
  });

  test("with a misspelt name under extends, and says where", () => {
    const path = write("a.yaml", "a", "extends: [default, mcp-readnoly]");
    const error = failure(() => loadPacks({ select: ["a"], paths: [folder] }));
    expect(error.code).toBe("policy.unknown_pack");
    expect(error.details).toEqual({ file: path, line: 5, column: 20 });
    expect(error.hint).toBe('Did you mean "mcp-readonly"?');
  });

  test("with no pack selected", () => {
    expect(failure(() => loadPacks({ select: [] })).code).toBe("policy.no_pack");
  });

  test("with packs that extend each other in a circle", () => {
    write("a.yaml", "a", "extends: [b]");
    write("b.yaml", "b", "extends: [c]");
    write("c.yaml", "c", "extends: [b]");
    const error = failure(() => loadPacks({ select: ["a"], paths: [folder] }));
    expect(error.code).toBe("policy.extends_cycle");
    expect(error.message).toContain("b -> c -> b");
  });

  test("with two packs of one name, also when one is shipped", () => {
    const path = write("mine.yaml", "default");
    const error = failure(() => readLibrary([folder]));
    expect(error.code).toBe("policy.duplicate_pack");
    expect(error.details?.["file"]).toBe(path);
  });

  test("with two rules of one id in a pack, and says where the second is", () => {
    const rules = "rules:\n  - { id: x, deny: {}, reason: r }\n  - { id: x, deny: {}, reason: r }";
    write("a.yaml", "a", "", rules);
    const error = failure(() => readLibrary([folder]));
    expect(error.code).toBe("policy.duplicate_rule");
    expect(error.details?.["line"]).toBe(8);
  });

  test("with a broken pack in a given folder, selected or not", () => {
    writeFileSync(join(folder, "broken.yaml"), "pack: [");
    expect(failure(() => loadPacks({ select: ["default"], paths: [folder] })).code).toBe(
      "policy.malformed_pack",
    );
  });

  test("with a path that leads nowhere", () => {
    const path = join(folder, "none.yaml");
    const error = failure(() => readLibrary([path]));
    expect(error.code).toBe("policy.unreadable_pack");
    expect(error.message).toContain(path);
  });

  test("with a pack file that is a folder", () => {
    mkdirSync(join(folder, "x.yaml"));
    expect(failure(() => readLibrary([folder])).code).toBe("policy.unreadable_pack");
  });
});
