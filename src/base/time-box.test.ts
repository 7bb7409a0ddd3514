import { expect, test } from "vitest";
import { inTimeBox } from "./time-box.ts";

test("work is done where it is called, with its result and its errors", () => {
  expect(inTimeBox(1_000, () => "done")).toEqual({ value: "done" });
  const error = new TypeError("no");
  const failing = (): never => {
    throw error;
  };
  expect(() => inTimeBox(1_000, failing)).toThrow(error);
});

test("a match that would take for ever is broken off, and the next work is done", () => {
  const slow = (): boolean => /^(a+)+$/u.test(`${"a".repeat(28)}!`);
  expect(inTimeBox(50, slow)).toBeUndefined();
  expect(inTimeBox(1_000, () => 1)).toEqual({ value: 1 });
});
