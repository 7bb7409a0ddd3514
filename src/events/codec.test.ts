import { expect, test } from "vitest";
import { decodeEvent, encodeEvent } from "./codec.ts";
import type { StoredEvent } from "./event.ts";

const event: StoredEvent = { seq: 3, runId: "r", at: 1, type: "message.user", text: "hello" };

test("an event reads back as it was written", () => {
  expect(decodeEvent(encodeEvent(event))).toEqual(event);
});

test.each([
  ["no JSON", "{"],
  ["an unknown type", JSON.stringify({ ...event, type: "message.unknown" })],
  ["a missing field", JSON.stringify({ seq: 1, runId: "r", at: 1, type: "message.user" })],
  ["a live event", JSON.stringify({ runId: "r", at: 1, type: "text.delta", turn: 1, text: "x" })],
])("text with %s is refused", (_what, text) => {
  expect(() => decodeEvent(text)).toThrow(expect.objectContaining({ code: "events.malformed" }));
});

test("a log of before checks had kinds and runs had modes reads as it was", () => {
  const earlier = [
    {
      type: "run.started",
      task: "t",
      agent: "worker@1",
      model: "scripted:s",
      effort: "low",
      effortSource: "default",
      workspace: null,
      limits: {},
      policy: "p",
      notices: [],
    },
    { type: "check.completed", attempt: 1, passed: true, output: "", durationMs: 1 },
  ].map((fields) => ({ seq: 1, runId: "r", at: 1, ...fields }));
  for (const old of earlier) expect(decodeEvent(JSON.stringify(old))).toEqual(old);
});
