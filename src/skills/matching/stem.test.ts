import { expect, test } from "vitest";
import { stem } from "./stem.ts";

test.each([
  [["optimize", "optimizing", "optimization", "optimized", "optimizer"], "optimiz"],
  [["extract", "extracting", "extraction", "extracted", "extractor"], undefined],
  [["planning", "planned", "planner"], "plan"],
  [["vulnerabilities", "vulnerability"], "vulnerability"],
  [["install", "installing", "installed"], "install"],
])("%j are one word", (forms, common) => {
  const stems = new Set(forms.map(stem));
  if (common === undefined) expect(stems.size).toBeLessThanOrEqual(2);
  else expect([...stems]).toEqual([common]);
});

test.each(["pdf", "xlsx", "react", "data", "speed", "used", "ring", "utf8"])("%s stays", (word) => {
  expect(stem(word)).toBe(word);
});
