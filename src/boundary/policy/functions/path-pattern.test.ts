import { describe, expect, test } from "vitest";
import { pathLike } from "./path-pattern.ts";

describe("a path fits a pattern as in a .gitignore", () => {
  test.each([
    ["a.env", "*.env", true],
    ["deep/er/a.env", "*.env", true],
    ["deep/er/a.env", "/*.env", false],
    ["a.env.txt", "*.env", false],
    [".env", "*", true],
    ["src/a.ts", "/src/**", true],
    ["src/deep/a.ts", "src/**", true],
    ["src", "/src/**", false],
    ["lib/src/a.ts", "src/**", false],
    ["lib/src/a.ts", "**/src/**", true],
    ["src/a.ts", "**/src/*.ts", true],
    ["src/x/y/a.ts", "/src/**/*.ts", true],
    ["src/a.ts", "/src/**/*.ts", true],
    ["src/x/a.ts", "/src/*.ts", false],
    ["secrets/key", "secrets", true],
    ["x/secrets/key", "secrets/", true],
    ["secrets", "secrets/", false],
    ["secrets", "secrets", true],
    ["Secrets", "secrets", false],
    ["anything/at/all", "**", true],
    ["src/../secrets/key", "/secrets/**", true],
    ["src/../secrets/key", "/src/**", false],
    ["./src//a.ts", "/src/*", true],
    [".", "**", false],
  ])("%s and %s: %s", (path, pattern, fits) => {
    expect(pathLike(path, pattern)).toEqual({ ok: true, value: fits });
  });

  test.each(["/etc/passwd", "../x", "a/../../x"])("but %s has no answer", (path) => {
    expect(pathLike(path, "**").ok).toBe(false);
  });

  test("and a pattern of many stars takes no longer", () => {
    const began = performance.now();
    pathLike("a/".repeat(500), `${"**/a/".repeat(20)}b`);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
