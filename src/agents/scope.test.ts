import { describe, expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { eventsOfAgent, toolCallName, turnCallName } from "./scope.ts";
import { messagesOf } from "./messages.fixture.ts";
import { foldRun, turnAnswer } from "./state.ts";

const say = (text: string, agentPath?: string): NewEvent => ({
  type: "message.user",
  text,
  ...(agentPath === undefined ? {} : { agentPath }),
});
const turn = (text: string, agentPath?: string): NewEvent => ({
  type: "turn.completed",
  ...(agentPath === undefined ? {} : { agentPath }),
  turn: 1,
  parts: [{ type: "text", text }],
  usage: {
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens: 5,
    reasoningTokens: 0,
    estimated: false,
  },
  costMicroUsd: 7,
  effort: "medium",
  decision: { effect: "allow", ruleId: "t/x" },
  attempts: 1,
  durationMs: 1,
  finishReason: "stop",
  callId: "x",
});
const log = (events: readonly NewEvent[]): readonly StoredEvent[] =>
  events.map((event, index) => ({ ...event, seq: index + 1, runId: "r", at: index }));

/** Two agents beside each other, each with one that works for it, in one log. */
const mixed = log([
  say("lead"),
  say("left", "1.0"),
  say("right", "1.1"),
  turn("right answers", "1.1"),
  say("below left", "1.0/2.0"),
  turn("below left answers", "1.0/2.0"),
  turn("left answers", "1.0"),
  say("not below", "1.01"),
  turn("not below answers", "1.01"),
  turn("lead answers"),
]);
const all = Number.MAX_SAFE_INTEGER;

describe("the agents of one log", () => {
  test("each see their own conversation", () => {
    expect(messagesOf(mixed, all)).toMatchObject([
      { text: "lead" },
      { parts: [{ text: "lead answers" }] },
    ]);
    expect(messagesOf(mixed, all, { agentPath: "1.0" })).toMatchObject([
      { text: "left" },
      { parts: [{ text: "left answers" }] },
    ]);
    expect(foldRun(mixed, all, { agentPath: "1.0/2.0" }).lastText).toBe("below left answers");
  });

  test("are charged with what all that work for them spend, and nobody else", () => {
    expect(foldRun(mixed, all).totals).toMatchObject({ turns: 5, costMicroUsd: 35 });
    expect(foldRun(mixed, all, { agentPath: "1.0" }).totals.turns).toBe(2);
    expect(foldRun(mixed, all, { agentPath: "1.1" }).totals.turns).toBe(1);
  });

  test("find their own turn, although each counts from 1", () => {
    const answer = (agentPath?: string) =>
      turnAnswer(eventsOfAgent(mixed, agentPath === undefined ? {} : { agentPath }), 1)?.parts;
    expect(answer()).toMatchObject([{ text: "lead answers" }]);
    expect(answer("1.1")).toMatchObject([{ text: "right answers" }]);
  });

  test("make calls of different names; those of the run's own are named as ever", () => {
    expect(turnCallName({ turn: 3 })).toBe("turn-3");
    expect(toolCallName({ turn: 3, index: 1 })).toBe("turn-3-call-1");
    expect(turnCallName({ agentPath: "3.1", turn: 3 })).toBe("3.1/turn-3");
    expect(toolCallName({ agentPath: "3.1/2.0", turn: 3, index: 1 })).toBe("3.1/2.0/turn-3-call-1");
  });
});
