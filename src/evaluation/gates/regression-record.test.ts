import { describe, expect, test } from "vitest";
import type { RegressionFinding } from "./find-regressions.ts";
import { type Regression, regressionSchema, sighted, triaged } from "./regression-record.ts";

const finding: RegressionFinding = {
  kind: "task",
  concern: "success",
  condition: "worker@2",
  conditionKey: "worker",
  subject: "sum",
  p: 0.01,
  before: 1,
  after: 0,
  message: "It passed 8 of 8, and now 0 of 8.",
};
const seen = (job: string, at: number, more: Partial<RegressionFinding> = {}) => ({
  finding: { ...finding, ...more },
  against: "main",
  job: { id: job, name: job },
  owner: "ada",
  at,
});
const by = (more: object) => ({ by: "bob", at: 50, ...more });
const found = sighted(undefined, seen("one", 1));

describe("a regression", () => {
  test("is found once, however often its job is looked at", () => {
    expect(regressionSchema.parse(found)).toEqual(found);
    expect(found).toMatchObject({ state: "new", owner: "ada", jobs: ["one"] });
    expect(sighted(found, seen("one", 2))).toBe(found);
    const again = sighted(found, seen("two", 3, { p: 0.02 }));
    expect(again).toMatchObject({ id: found.id, state: "new", p: 0.02, jobs: ["one", "two"] });
    expect(sighted(undefined, seen("one", 1, { subject: "other" })).id).not.toBe(found.id);
  });

  test("is new again where it comes back after it was resolved, with its history", () => {
    const mended = triaged(found, by({ state: "resolved", note: "Mended." }));
    const back = sighted(mended, seen("two", 60));
    expect(back.state).toBe("new");
    expect(back.history.map(({ state, by }) => `${state} ${by}`)).toEqual([
      "new agent33",
      "resolved bob",
      "new agent33",
    ]);
  });

  test("stays as it was left where nobody wants to mend it", () => {
    const left = triaged(found, by({ state: "wontfix", note: "The task is wrong." }));
    expect(sighted(left, seen("two", 60))).toMatchObject({
      state: "wontfix",
      jobs: ["one", "two"],
    });
  });

  test("takes an owner and a note without another state", () => {
    const now = triaged(found, by({ owner: "eve", note: "Looks like the parser." }));
    expect(now).toMatchObject({ state: "new", owner: "eve" });
    expect(now.history.at(-1)).toMatchObject({
      note: "Owner: eve. Looks like the parser.",
      at: 50,
    });
  });

  const resolved: Regression = { ...found, state: "resolved" };
  test.each([
    ["nothing", found, {}],
    ["an end without a reason", found, { state: "resolved" }],
    ["an empty reason", found, { state: "wontfix", note: " " }],
    ["what is resolved as being mended", resolved, { state: "fixing" }],
    ["what was seen before as new", resolved, { state: "new" }],
  ] as const)("refuses %s", (_what, before, more) => {
    expect(() => triaged(before, by(more))).toThrow(
      expect.objectContaining({ code: "evaluation.bad_triage", hint: expect.any(String) }),
    );
  });

  test("is taken up again by looking into it", () => {
    expect(triaged(resolved, by({ state: "investigating" })).state).toBe("investigating");
  });
});
