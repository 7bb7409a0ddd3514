import { expect, test } from "vitest";
import { compareVersions, versionPattern } from "./version.ts";

test("orders versions as SemVer does, whatever order they come in", () => {
  const inOrder = [
    "0.9",
    "1-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1",
    "1.0.1",
    "1.2",
    "1.10",
    "2",
  ];
  expect(inOrder.toReversed().sort(compareVersions)).toEqual(inOrder);
  expect(inOrder.every((version) => versionPattern.test(version))).toBe(true);
});

test("numbers that are left out are 0", () => {
  expect(compareVersions("1", "1.0.0")).toBe(0);
});

test.each(["", "v1", "01", "1.2.3.4", "1+build", "1.0-", "one"])("%j is no version", (text) => {
  expect(versionPattern.test(text)).toBe(false);
});
