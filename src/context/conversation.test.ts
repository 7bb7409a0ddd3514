import { expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { conversationOf } from "./conversation.ts";

function logOf(events: readonly NewEvent[]): readonly StoredEvent[] {
  return events.map((event, index) => ({ ...event, seq: index + 1, runId: "r", at: index }));
}

const parked = (approvalId: string, toolName: string): NewEvent => {
  return { type: "run.parked", approvalId, toolName, message: `May ${toolName} run?` };
};
const ended = (toolName: string, index: number): NewEvent => ({
  type: "tool.completed",
  turn: 1,
  index,
  toolCallId: `c${index}`,
  toolName,
  content: "done",
  isError: false,
  decision: null,
  attempts: 1,
  durationMs: 1,
});
const openIn = (events: readonly NewEvent[]) => [
  ...conversationOf(logOf(events), Number.MAX_SAFE_INTEGER, undefined).open.keys(),
];

test("a question is open until its call has ended, also where the call asked twice", () => {
  expect(openIn([parked("first", "note")])).toEqual(["first"]);
  expect(openIn([parked("first", "note"), ended("note", 0)])).toEqual([]);
  // The yes to the first was used up by an attempt that a crash cut off.
  expect(openIn([parked("first", "note"), parked("second", "note"), ended("note", 0)])).toEqual([]);
  expect(openIn([parked("first", "note"), parked("other", "send"), ended("note", 0)])).toEqual([
    "other",
  ]);
});
