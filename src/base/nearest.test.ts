import { expect, test } from "vitest";
import { suggestName } from "./nearest.ts";

test("suggests the nearest known name, or lists what is known when none is near", () => {
  expect(suggestName("maxStep", ["maxSteps", "model"])).toBe('Did you mean "maxSteps"?');
  expect(suggestName("zebra", ["maxSteps", "model"])).toBe("Known: maxSteps, model.");
  expect(suggestName("x", [])).toBe("None are known.");
});

test("lists no more names than somebody reads", () => {
  const known = Array.from({ length: 10_000 }, (_, number) => `tool_number_${number}`);
  const text = suggestName("zebra", known);
  expect(text).toMatch(/^Known: tool_number_0, .* and 9960 more\.$/);
  expect(text.length).toBeLessThan(1_000);
});
