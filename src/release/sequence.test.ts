import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimOfLabels, judgeSequence, type Landing } from "./sequence.ts";

const landing = (
  id: string,
  labels: readonly string[],
  reverts: readonly string[] = [],
): Landing => ({
  id,
  claim: claimOfLabels(labels),
  covers: [],
  reverts,
});
/** @param landings the earliest first, as they are told */
const judge = (labels: readonly string[], ...landings: readonly Landing[]) =>
  judgeSequence(claimOfLabels(labels), landings.toReversed(), "main");

describe("a change", () => {
  test("without a label passes", () => {
    expect(judge(["bug", "sequences"])).toMatchObject({ ok: true, code: "no_label" });
  });

  test("with two labels is refused, with the same one twice not", () => {
    expect(judge(["sequence:1", "sequence:2"])).toMatchObject({
      ok: false,
      code: "two_labels",
      message: "A change has one place in a series, and this one has sequence:1, sequence:2.",
    });
    expect(judge(["sequence:1", "Sequence: 1"]).ok).toBe(true);
  });

  test.each([
    "sequence:",
    "sequence:0",
    "sequence:01",
    "sequence:x",
    "sequence:-1",
    "sequence:1000",
  ])("with %j is refused", (label) => {
    expect(judge([label])).toMatchObject({ ok: false, code: "malformed_label" });
  });

  test("needs all before it since the series began", () => {
    expect(judge(["sequence:2"])).toMatchObject({ ok: false, code: "missing_predecessor" });
    const first = landing("#1", ["sequence:1"]);
    expect(judge(["sequence:2"], first)).toMatchObject({ ok: true, code: "in_order" });
    expect(judge(["sequence:4"], first, landing("#2", ["sequence:2"]))).toMatchObject({
      ok: false,
      message:
        "sequence:4 must wait: on main, sequence:3 is not merged since the series began (#1).",
    });
  });

  test("is not helped by what an earlier series merged", () => {
    const old = [1, 2, 3].map((step) => landing(`#${step}`, [`sequence:${step}`]));
    expect(judge(["sequence:3"], ...old, landing("#10", ["sequence:1"]))).toMatchObject({
      ok: false,
      code: "missing_predecessor",
    });
    expect(judge(["sequence:2"], ...old)).toMatchObject({ ok: false, code: "already_merged" });
  });

  test("waits for what was reverted, until that is put back", () => {
    const all = [
      landing("#1", ["sequence:1"]),
      landing("#2", ["sequence:2"]),
      landing("#3", [], ["#2"]),
    ];
    expect(judge(["sequence:3"], ...all).message).toBe(
      "sequence:3 must wait: on main, sequence:2 (#2) was reverted by #3.",
    );
    expect(judge(["sequence:2"], ...all).ok).toBe(true);
    expect(judge(["sequence:3"], ...all, landing("#4", [], ["#3"])).ok).toBe(true);
    expect(judge(["sequence:3"], ...all, landing("#5", ["sequence:2"])).ok).toBe(true);
  });
});

test("a step that was merged twice and reverted once is there by its other merge", () => {
  const twice = [
    landing("#1", ["sequence:1"]),
    landing("#2", ["sequence:2"]),
    landing("#3", ["sequence:2"]),
  ];
  const later = landing("#4", [], ["#3"]);
  expect(judge(["sequence:3"], ...twice, later).ok).toBe(true);
  expect(judge(["sequence:3"], ...twice, later, landing("#5", [], ["#2"])).message).toContain(
    "was reverted by",
  );
});

test("a series that is merged in order is never refused, and no step of it can be left out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), (length, pick) => {
      const steps = Array.from({ length }, (_, index) => index + 1);
      const landed = steps.map((step) => landing(`#${step}`, [`sequence:${step}`]));
      const inOrder = steps.every(
        (step) => judge([`sequence:${step}`], ...landed.slice(0, step - 1)).ok,
      );
      const gap = pick % length;
      const holed = landed.filter((_, index) => index !== gap);
      return inOrder && !judge([`sequence:${length + 1}`], ...holed).ok;
    }),
  );
});
