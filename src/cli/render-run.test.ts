import { expect, test } from "vitest";
import type { EventOf } from "../events/event.ts";
import { createStyle } from "./output.ts";
import { createRunRenderer } from "./render-run.ts";

function linesOf(event: EventOf<"session.opened" | "context.compacted">): readonly string[] {
  const lines: string[] = [];
  const output = {
    out: (text: string) => void lines.push(text),
    err: () => {},
    json: false,
    style: createStyle(false),
    width: 80,
    program: "agent33",
    sameStore: "",
  };
  createRunRenderer(output)(event);
  return lines;
}

test("who follows a run sees when nothing watched what was opened around the boundary", () => {
  const opened = { runId: "r", seq: 3, at: 0, tools: [], skills: [], notices: [] } as const;
  const under = (guard: "on" | "off" | "not installed") =>
    linesOf({ ...opened, type: "session.opened", egress: { guard, grants: [] } }).slice(1);
  expect(under("on")).toEqual([]);
  expect(under("off")).toEqual(["note: the egress guard is off"]);
  expect(under("not installed")).toEqual(["note: the egress guard is not installed"]);
  // A log of before it was noted.
  expect(linesOf({ ...opened, type: "session.opened" })).toHaveLength(1);
});

test("what a conversation was made smaller by is one line, and who wrote the summary is said", () => {
  const summary = {
    throughTurn: 5,
    text: "",
    by: "log",
    why: "boundary.upstream_5xx",
    files: { changed: [], read: [] },
  } as const;
  const compacted: EventOf<"context.compacted"> = {
    type: "context.compacted",
    runId: "r",
    seq: 3,
    at: 0,
    turn: 9,
    reason: "full",
    beforeTokens: 10_841,
    afterTokens: 5_105,
    roomTokens: 12_000,
    offloaded: [],
    clearedThrough: 7,
    keptTurns: 3,
    summary,
  };
  expect(linesOf(compacted)).toEqual([
    "  ⇣ context  10,841 → 5,105 of 12,000 tokens · results through turn 7 not shown · turns 1 to 5 summarised (from the log: boundary.upstream_5xx) · 3 turns as they were",
  ]);
});
