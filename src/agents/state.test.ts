import { describe, expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { outcomeOf } from "./completion.ts";
import { messagesOf } from "./messages.fixture.ts";
import { activeMs, foldRun, toolCallsOf } from "./state.ts";

const usage = {
  inputTokens: 10,
  cachedInputTokens: 4,
  outputTokens: 5,
  reasoningTokens: 0,
  estimated: false,
};

/** A log from events, one second apart unless told otherwise. */
function log(events: readonly (NewEvent & { readonly at?: number })[]): readonly StoredEvent[] {
  return events.map((event, index) => ({
    at: index * 1_000,
    ...event,
    seq: index + 1,
    runId: "r",
  }));
}

const user = (text: string): NewEvent => ({ type: "message.user", text });
const turn = (
  number: number,
  names: readonly string[] = [],
  costMicroUsd: number | null = 7,
): NewEvent => ({
  type: "turn.completed",
  turn: number,
  parts: [
    { type: "text", text: `turn ${number}` },
    ...names.map((toolName, index) => ({
      type: "tool_call" as const,
      toolCallId: `c${index}`,
      toolName,
      argumentsText: "{}",
    })),
  ],
  usage,
  costMicroUsd,
  effort: "medium",
  decision: { effect: "allow", ruleId: "t/x" },
  attempts: 1,
  durationMs: 1,
  finishReason: "stop",
  callId: "x",
});
const result = (number: number, index: number, content: string): NewEvent => ({
  type: "tool.completed",
  turn: number,
  index,
  toolCallId: `c${index}`,
  toolName: "t",
  content,
  isError: false,
  decision: null,
  attempts: 1,
  durationMs: 1,
});

describe("a run folded from its log", () => {
  test("pairs calls with results in the order of the calls, whatever order they ended in", () => {
    const events = log([
      user("go"),
      turn(1, ["a", "b"]),
      result(1, 1, "second"),
      result(1, 0, "first"),
      turn(2),
    ]);
    const messages = messagesOf(events, 99);
    expect(messages.map((message) => message.role)).toEqual([
      "user",
      "assistant",
      "tool",
      "assistant",
    ]);
    expect(messages[2]).toMatchObject({ results: [{ content: "first" }, { content: "second" }] });
  });

  test("sees nothing that came after its horizon", () => {
    const events = log([user("go"), turn(1, ["a"]), result(1, 0, "x"), turn(2)]);
    expect(messagesOf(events, 1)).toHaveLength(1);
    expect(foldRun(events, 3).totals).toMatchObject({ turns: 1, toolCalls: 1 });
  });

  test("adds up tokens and money, and counts unpriced calls apart", () => {
    const { totals } = foldRun(log([user("go"), turn(1), turn(2, [], null)]), 99);
    expect(totals).toEqual({
      turns: 2,
      toolCalls: 0,
      inputTokens: 20,
      cachedInputTokens: 8,
      outputTokens: 10,
      failedTokens: 0,
      costMicroUsd: 7,
      unpricedCalls: 1,
    });
  });

  test("a failed turn leaves nothing in the conversation", () => {
    const failed: NewEvent = {
      type: "turn.failed",
      turn: 1,
      error: { code: "x.y", message: "m", retryable: true },
      tokens: 9,
      costMicroUsd: 3,
      attempts: 1,
      durationMs: 1,
    };
    const events = log([user("go"), failed, turn(2)]);
    const messages = messagesOf(events, 99);
    const { totals } = foldRun(events, 99);
    expect(messages.map((message) => message.role)).toEqual(["user", "assistant"]);
    expect(totals).toMatchObject({ turns: 2, failedTokens: 9, costMicroUsd: 10 });
  });

  test("finds a turn's calls", () => {
    expect(
      toolCallsOf(log([turn(1, ["a", "b"]), turn(2, ["c"])]), 1).map((call) => call.toolName),
    ).toEqual(["a", "b"]);
    expect(toolCallsOf(log([turn(1)]), 7)).toEqual([]);
  });

  test("time in which nobody worked on it does not count", () => {
    const parked: NewEvent = { type: "run.parked", approvalId: "a", toolName: "t", message: "m" };
    const resumed: NewEvent = { type: "run.resumed", previousOwner: null };
    const events = log([
      { ...user("go"), at: 0 },
      { ...turn(1), at: 2_000 },
      { ...parked, at: 3_000 },
      { ...resumed, at: 900_000 },
      { ...turn(2), at: 901_000 },
    ]);
    expect(activeMs(events, 901_500)).toBe(4_500);
  });
});

describe("what a run's result is worth", () => {
  const verdict = (reward: number | null): NewEvent => ({
    type: "verification.completed",
    reward,
    passed: reward === 1,
    durationMs: 1,
    output: "",
  });
  const check = (passed: boolean): NewEvent => ({
    type: "check.completed",
    attempt: 1,
    passed,
    output: "",
    durationMs: 1,
  });
  const error = { code: "x.y", message: "m", retryable: false };
  test.each([
    ["hidden tests that pass", [verdict(1)], { reason: "done" }, "verified"],
    ["hidden tests that fail", [verdict(0)], { reason: "done" }, "refuted"],
    [
      "hidden tests that fail over a check that passed",
      [check(true), verdict(0)],
      { reason: "done" },
      "refuted",
    ],
    [
      "hidden tests that pass after the agent failed",
      [verdict(1)],
      { reason: "error", error },
      "verified",
    ],
    ["a verifier that gave no verdict", [verdict(null)], { reason: "done" }, "failed"],
    ["a check alone that passes", [check(false), check(true)], { reason: "done" }, "verified"],
    ["a check alone that fails", [check(false)], { reason: "done" }, "refuted"],
    ["nobody looking", [], { reason: "done" }, "unverified"],
    ["a limit and nobody looking", [], { reason: "limit", limit: "steps", allowed: 1 }, "failed"],
    ["an error", [], { reason: "error", error }, "failed"],
    ["a cancel", [check(true)], { reason: "cancelled" }, "cancelled"],
  ] as const)("%s", (_what, events, stop, outcome) => {
    expect(outcomeOf(log(events), stop)).toBe(outcome);
  });
});

test("what servers had the model do counts as spent, and is no part of the conversation", () => {
  const sampled: NewEvent[] = [
    { type: "sampling.completed", server: "s", usage, costMicroUsd: 3, durationMs: 1, callId: "y" },
    {
      type: "sampling.failed",
      server: "s",
      error: { code: "boundary.transport", message: "lost", retryable: true },
      tokens: 30,
      costMicroUsd: null,
      callId: "z",
    },
  ];
  const said = [user("go"), turn(1, ["a"])];
  const events = log([...said, ...sampled, result(1, 0, "done")]);
  const { totals } = foldRun(events, 99);
  expect(messagesOf(events, 99)).toEqual(messagesOf(log([...said, result(1, 0, "done")]), 99));
  expect(totals).toMatchObject({
    turns: 1,
    inputTokens: 20,
    outputTokens: 10,
    failedTokens: 30,
    costMicroUsd: 10,
    unpricedCalls: 1,
  });
});
