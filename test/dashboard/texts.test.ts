import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { RunEvent } from "../../client/index.ts";
import { durationText, moneyText } from "../../dashboard/src/parts/texts.ts";
import { changeIn } from "../../dashboard/src/run/changes.ts";
import { noTrajectory, type Trajectory, withEvents } from "../../dashboard/src/run/trajectory.ts";
import { formatMicroUsd } from "../../src/base/money.ts";
import { testEngine } from "../support/engine.ts";

describe("money on the page", () => {
  test("is exactly what was counted, however much", () => {
    expect([0, 1, 12_340, 1_000_000, 1_234_567_890_120].map(moneyText)).toEqual([
      "$0.00",
      "$0.000001",
      "$0.01234",
      "$1.00",
      "$1,234,567.89012",
    ]);
    fc.assert(
      fc.property(fc.maxSafeNat(), (microUsd) => {
        const [whole = "", parts = ""] = moneyText(microUsd)
          .slice(1)
          .replaceAll(",", "")
          .split(".");
        expect(BigInt(whole) * 1_000_000n + BigInt(parts.padEnd(6, "0"))).toBe(BigInt(microUsd));
      }),
    );
  });

  test("is written as the command line writes it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (microUsd) => {
        expect(moneyText(microUsd)).toBe(
          formatMicroUsd(microUsd).replace(/\B(?=(\d{3})+\.)/g, ","),
        );
      }),
    );
  });
});

test("spans of time are told in their two largest units, with no 60 in them", () => {
  const texts = [0, 999, 1_000, 59_940, 59_960, 61_400, 3_599_600, 3_600_000, 200_000_000];
  expect(texts.map(durationText)).toEqual([
    "0 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min 00 s",
    "1 min 01 s",
    "1 h 00 min",
    "1 h 00 min",
    "2 d 07 h",
  ]);
});

describe("a run's log on the page", () => {
  test("is the same however its events come", async () => {
    const { engine, run } = testEngine();
    onTestFinished(() => engine.close());
    const done = await run([
      {
        text: "I begin.",
        tool_calls: [
          { name: "append_line", arguments: { path: "a.txt", line: "one" } },
          { name: "missing", arguments_text: "{broken" },
        ],
      },
      { text: "Done." },
    ]);
    // As they come over the API.
    const events = JSON.parse(JSON.stringify(done.events)) as readonly RunEvent[];
    const whole = withEvents(noTrajectory, events);
    expect(whole.items.flatMap((item) => (item.kind === "turn" ? [item] : []))).toMatchObject([
      {
        turn: 1,
        calls: [
          { name: "append_line", end: { isError: false } },
          { name: "missing", argumentsText: "{broken", end: { isError: true } },
        ],
      },
      { turn: 2, calls: [], answer: { finishReason: "stop" } },
    ]);
    const { totals } = whole.finished ?? expect.fail();
    expect(whole.used).toEqual({
      costMicroUsd: totals.costMicroUsd,
      unpriced: totals.unpricedCalls,
      tokens: totals.inputTokens + totals.outputTokens,
    });
    fc.assert(
      fc.property(fc.array(fc.nat(events.length), { maxLength: 6 }), (cuts) => {
        const places = [...cuts.toSorted((a, b) => a - b), events.length];
        let pieces: Trajectory = noTrajectory;
        // Each piece begins again with what came before it, as after a broken connection.
        for (const place of places) pieces = withEvents(pieces, events.slice(0, place));
        expect(pieces).toEqual(whole);
      }),
    );
  });
});

test("what a call puts into a file is found in its arguments, and nothing else is taken for it", () => {
  expect(changeIn({ path: "a", line: "x" })).toEqual({
    path: "a",
    lines: [{ sign: "+", text: "x" }],
  });
  expect(changeIn({ path: "a", edits: [{ oldText: "x\ny\n", newText: "z" }, 3] })?.lines).toEqual([
    { sign: "-", text: "x" },
    { sign: "-", text: "y" },
    { sign: "+", text: "z" },
  ]);
  for (const given of [
    { path: "a" },
    { path: 1, line: "x" },
    { line: "x" },
    { path: "a", line: 3 },
  ]) {
    expect(changeIn(given)).toBeUndefined();
  }
});
