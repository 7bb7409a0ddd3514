import { expect, test } from "vitest";
import type { StoredEvent } from "../../events/event.ts";
import { causedBy } from "./caused.ts";

/** A run in which a tool is called with a path that the run changed. */
function log(effect: "read" | "write"): readonly StoredEvent[] {
  const where = { runId: "r", at: 1 };
  return [
    {
      ...where,
      seq: 1,
      type: "session.opened",
      tools: [{ name: "open_file", source: "mcp:files", effect, repeat: "safe", digest: "d" }],
      skills: [],
      notices: [],
    },
    {
      ...where,
      seq: 2,
      type: "tool.started",
      turn: 1,
      index: 0,
      toolCallId: "t",
      toolName: "open_file",
      argumentsText: '{"path":"./a.txt"}',
    },
    {
      ...where,
      seq: 3,
      type: "run.finished",
      outcome: "unverified",
      stop: { reason: "done" },
      summary: "",
      totals: {
        turns: 1,
        toolCalls: 1,
        inputTokens: 0,
        cachedInputTokens: 0,
        outputTokens: 0,
        failedTokens: 0,
        costMicroUsd: 0,
        unpricedCalls: 0,
        durationMs: 0,
      },
      filesChanged: [{ path: "a.txt", change: "modified", bytes: 1 }],
    },
  ];
}

const place = { agent: undefined, kind: "tool", turn: 1, index: 0 } as const;

test("a file that a call names and the run changed came of the call, unless it only reads", () => {
  expect(causedBy(place, log("write")).steps).toMatchObject([
    { kind: "file", what: "a.txt modified", basis: "arguments" },
  ]);
  expect(causedBy(place, log("read")).steps).toEqual([]);
});
