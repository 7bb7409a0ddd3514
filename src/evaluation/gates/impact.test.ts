import { describe, expect, test } from "vitest";
import type { NamedGroup } from "./gates-file.ts";
import type { GoldenTask } from "./golden-tasks.ts";
import { pickImpacted } from "./impact.ts";

const task = (name: string, paths?: readonly string[]): GoldenTask => ({
  name,
  dir: `/repo/tasks/${name}`,
  digest: name,
  tags: ["smoke"],
  owner: "ada",
  scope: null,
  ...(paths === undefined ? {} : { paths }),
});
const group = (name: string, paths?: string[]): NamedGroup => ({
  name,
  group: {
    run: ["true"],
    report: "out.xml",
    timeoutMinutes: 1,
    env: {},
    owner: "bob",
    ...(paths === undefined ? {} : { paths }),
  },
});
const parts = {
  golden: [task("math", ["src/math/*"]), task("text", ["src/text/*"])],
  groups: [group("docs", ["docs/*", "*.md"]), group("unit", ["src/*"])],
};
const pick = (paths: readonly string[], given: Parameters<typeof pickImpacted>[0] = parts) => {
  const change = { base: "main", mergeBase: "a".repeat(40), paths };
  const found = pickImpacted(given, change, ({ name }) => `tasks/${name}`, ["agent33.gates.yaml"]);
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
  return {
    golden: names(found.picked.golden),
    groups: names(found.picked.groups),
    left: [...names(found.narrowed.golden), ...found.narrowed.impact.groups],
    widened: found.narrowed.impact.widened,
  };
};
const all = { golden: ["math", "text"], groups: ["docs", "unit"], left: [] };

describe("what a change touches", () => {
  test("is picked by its paths, and the rest is left out by name", () => {
    expect(pick(["src/math/add.ts"])).toEqual({
      golden: ["math"],
      groups: ["unit"],
      left: ["text", "docs"],
      widened: [],
    });
  });

  test("is a task whose own folder changed, also where it names paths", () => {
    expect(pick(["tasks/text/instruction.md", "src/text/x.ts"])).toMatchObject({
      golden: ["text"],
      left: ["math"],
    });
  });

  test.each([
    [
      "a path that nothing claims",
      ["src/math/add.ts", "Makefile"],
      "claimed by no task or group (Makefile)",
    ],
    ["a path outside the gates file's folder", ["../other/x.ts"], "(../other/x.ts)"],
    ["the gates file", ["src/math/add.ts", "agent33.gates.yaml"], "itself changed"],
    ["no change at all", [], "Nothing differs from main"],
  ])("is everything with %s, and that is said", (_what, paths, why) => {
    expect(pick(paths)).toEqual({ ...all, widened: [expect.stringContaining(why)] });
  });

  test("is what names no paths, which claims nothing by that", () => {
    const given = {
      golden: [...parts.golden, task("any")],
      groups: [group("unit", ["src/*"]), group("all")],
    };
    expect(pick(["src/math/add.ts"], given)).toMatchObject({
      golden: ["math", "any"],
      groups: ["unit", "all"],
      left: ["text"],
    });
    expect(pick(["Makefile"], given)).toMatchObject({ left: [], widened: [expect.any(String)] });
  });

  test("is every golden task where it is none, as a gate says nothing where nothing is tried", () => {
    expect(pick(["docs/a.md"])).toEqual({
      golden: ["math", "text"],
      groups: ["docs"],
      left: ["unit"],
      widened: [expect.stringContaining("No golden task hangs on what changed")],
    });
  });

  test("is everything where very many paths are unclaimed, of which some are named", () => {
    const paths = Array.from({ length: 9 }, (_, index) => `other/${index}`);
    expect(pick(paths).widened).toEqual([
      expect.stringMatching(/^9 changed paths .*other\/4, 4 more\)/),
    ]);
  });
});
