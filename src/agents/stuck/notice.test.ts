import { describe, expect, test } from "vitest";
import { type PlayedTurn, playRun } from "../../../test/support/played-run.ts";
import { findStuck, noticeBefore } from "./notice.ts";
import { messagesOf } from "../messages.fixture.ts";
import { thresholdOf } from "./thresholds.ts";

const same = (count: number): readonly PlayedTurn[] =>
  Array.from({ length: count }, () => ({
    calls: [{ tool: "look", argumentsText: '{"path":"a"}', content: "x", isError: false }],
  }));
const other: PlayedTurn = {
  calls: [{ tool: "look", argumentsText: '{"path":"b"}', content: "y", isError: false }],
};

describe("a run in circles", () => {
  test("is told, then refused, then ended, each a turn or more apart", () => {
    const { events, notices, stop } = playRun(same(9), ["look"]);
    expect(notices.map(({ before, refused }) => [before, refused.length])).toEqual([
      [4, 0],
      [5, 1],
      [6, 1],
    ]);
    const ends = events.filter((event) => event.type === "tool.completed");
    expect(ends.map(({ error }) => error?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      "agents.stuck_call",
      "agents.stuck_call",
    ]);
    expect(stop).toMatchObject({ kind: "repeat", turns: 6 });
  });

  test("may call again what was refused once it did something else", () => {
    const { events, stop } = playRun([...same(5), other, ...same(2)], ["look"]);
    const ends = events.filter((event) => event.type === "tool.completed");
    expect(ends.map(({ isError }) => isError)).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(stop).toBeUndefined();
  });

  test("reads the warning where it was given", () => {
    const { events } = playRun(same(4), ["look"]);
    const messages = messagesOf(events, events.length);
    expect(messages.map(({ role }) => role).slice(-3)).toEqual(["user", "assistant", "tool"]);
    expect(messages.at(-3)).toMatchObject({ text: expect.stringContaining("goes in circles") });
  });

  test("is judged by its log up to the horizon alone", () => {
    const { events, notices } = playRun(same(9), ["look"]);
    for (const { seq, ...notice } of notices) {
      const again = findStuck(events, seq - 1, 6);
      expect(notice).toMatchObject({ ...again });
    }
    expect(notices).toHaveLength(3);
  });

  test("may do what was refused when a person has said something since", () => {
    const { events } = playRun(same(4), ["look"]);
    const seq = events.length + 1;
    const found = findStuck(events, events.length, 6);
    if (found?.type !== "stuck.noticed") throw new Error("it is not told");
    const told = { ...found, seq, runId: "played", at: 0 };
    const said = {
      type: "message.user",
      text: "Go on.",
      seq: seq + 1,
      runId: "played",
      at: 0,
    } as const;
    expect(noticeBefore([...events, told], 5)).toBe(told);
    expect(noticeBefore([...events, told, said], 5)).toBeUndefined();
  });

  test("is given as many turns as its limit says, and told and refused in proportion", () => {
    const { notices, stop } = playRun(same(30), ["look"], 12);
    expect(notices[0]?.before).toBe(7);
    expect(notices.find(({ refused }) => refused.length > 0)?.before).toBe(9);
    expect(stop?.turns).toBe(12);
    expect(thresholdOf("repeat", 4)).toEqual({ warn: 2, block: 3, stop: 4 });
  });
});
