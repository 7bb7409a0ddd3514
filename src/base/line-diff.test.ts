import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { lineDiff } from "./line-diff.ts";

const text = (...lines: readonly string[]): string => lines.join("\n");

describe("a diff of lines", () => {
  test("is empty where nothing differs", () => {
    expect(lineDiff("a\nb", "a\nb", 10)).toBe("");
  });

  test("shows what changed with its place and the lines around it", () => {
    const before = text("1", "2", "3", "4", "5", "6", "7", "8");
    const after = text("1", "2", "3", "4", "five", "6", "7", "8");
    expect(lineDiff(before, after, 20)).toBe(
      text("@@ -3 +3 @@", " 3", " 4", "-5", "+five", " 6", " 7"),
    );
  });

  test("names two places that are far from each other apart", () => {
    const before = text("a", "1", "2", "3", "4", "5", "6", "b");
    const after = text("A", "1", "2", "3", "4", "5", "6", "b", "c");
    expect(lineDiff(before, after, 20)).toBe(
      text("@@ -1 +1 @@", "-a", "+A", " 1", " 2", "@@ -7 +7 @@", " 6", " b", "+c"),
    );
  });

  test("leaves out what is beyond its length, and says so", () => {
    const before = text(...Array.from({ length: 50 }, (_none, index) => `old ${index}`));
    const lines = lineDiff(before, "new", 5).split("\n");
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toBe("[… 47 more lines …]");
  });

  test("holds both texts, whatever they are", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = lineDiff(before.join("\n"), after.join("\n"), 1_000).split("\n");
        const count = (sign: string): number => diff.filter((line) => line.startsWith(sign)).length;
        const added = Math.max(1, after.length) - Math.max(1, before.length);
        expect(count("+") - count("-")).toBe(added);
      }),
    );
  });

  test("takes no longer than a moment for texts that have nothing in common", () => {
    const many = (word: string): string =>
      text(...Array.from({ length: 20_000 }, (_none, index) => `${word} ${index}`));
    expect(lineDiff(many("a"), many("b"), 3).split("\n")).toHaveLength(4);
  });
});
