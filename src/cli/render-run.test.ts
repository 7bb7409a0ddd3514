import { expect, test } from "vitest";
import type { EventOf } from "../events/event.ts";
import { createStyle } from "./output.ts";
import { createRunRenderer } from "./render-run.ts";

function linesOf(event: EventOf<"session.opened">): readonly string[] {
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
