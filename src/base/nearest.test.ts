import { expect, test } from "vitest";
import { suggestName } from "./nearest.ts";

test("suggests the nearest known name, or lists what is known when none is near", () => {
  expect(suggestName("maxStep", ["maxSteps", "model"])).toBe('Did you mean "maxSteps"?');
  expect(suggestName("zebra", ["maxSteps", "model"])).toBe("Known: maxSteps, model.");
  expect(suggestName("x", [])).toBe("None are known.");
});
