import * as fc from "fast-check";
import { expect, test } from "vitest";
import { globMatcher } from "./glob.ts";

test("a pattern means the same as the regular expression with .* for each star", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", ":", "."), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", ":", "."), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), letters, (patterns, text) => {
      const expected = patterns.some((each) => {
        const source = each.replaceAll(".", "\\.").replaceAll("*", ".*");
        return new RegExp(`^${source}$`, "s").test(text);
      });
      expect(globMatcher(patterns)(text)).toBe(expected);
    }),
    { numRuns: 5_000 },
  );
});

test("case counts", () => {
  expect(globMatcher(["mcp:*"])("MCP:x")).toBe(false);
});

test("a hostile pattern and text take no time", () => {
  const matches = globMatcher(["*a".repeat(200) + "*b"]);
  expect(matches("a".repeat(100_000))).toBe(false);
});
