import { expect, test } from "vitest";
import { groupCheck } from "./group-check.ts";

const group = {
  name: "unit",
  command: ["true"],
  exitCode: 0,
  durationMs: 1,
  counts: { tests: 2, passed: 1, failed: 0, skipped: 1, other: 0 },
  ctrfDigest: null,
  problems: [],
  failed: [],
};

test("a group is met where it passed", () => {
  expect(groupCheck(group, "bob")).toMatchObject({
    kind: "group",
    name: "unit",
    outcome: "met",
    message: "Owner bob: 2 tests, 1 passed, 1 skipped",
  });
});

test("a group that did not pass blocks, and says by which tests", () => {
  const broken = { ...group, problems: ["it ended with 1"], failed: "a,b,c,d,e,f,g".split(",") };
  const check = groupCheck(broken, "bob");
  expect(check).toMatchObject({ outcome: "missed", action: "block" });
  expect(check.message).toContain("it ended with 1; failed: a, b, c, d, e, 2 more");
});
