import { expect, test } from "vitest";
import { fromOutside } from "../base/outside.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import { growingLog } from "./log.fixture.ts";
import { readResult } from "./read-result-tool.ts";
import { showResult } from "./shown-result.ts";

const tokens = await loadTokenCounter();
const text = Array.from({ length: 4_000 }, (_none, place) => `line ${place}`).join("\n");

function logWith(content: string, agentPath?: string) {
  const log = growingLog();
  const call = { turn: 3, index: 1, toolCallId: "c", toolName: "look" };
  const scope = agentPath === undefined ? {} : { agentPath };
  log.add({
    type: "tool.completed",
    ...call,
    ...scope,
    content,
    isError: false,
    decision: null,
    attempts: 1,
    durationMs: 1,
  });
  return log.events;
}

test.each([
  ["our own", text],
  ["from outside", fromOutside(["MCP server: peer"], text)],
])("the place that the ends of a result name is where the rest begins, %s", (_what, content) => {
  const result = { toolCallId: "c", toolName: "look", content, isError: false };
  const options = { reference: "3.1", offloadAbove: 2_000, tokens };
  const shown = showResult(result, "ends", options).content;
  expect(tokens.text(shown)).toBeLessThan(1_000);
  const from = Number(/from character (\d+) on/.exec(shown)?.[1]);
  const part = readResult(logWith(content), undefined, { turn: 3, index: 1, from, characters: 50 });
  const before = text.slice(from - 40, from);
  expect(shown).toContain(before);
  expect(part.content).toContain(text.slice(from, from + 50));
});

test("a part of what came from outside is marked as that, and another agent's result is not read", () => {
  const outside = logWith(fromOutside([], text));
  const range = { turn: 3, index: 1, from: 100, characters: 20 };
  expect(readResult(outside, undefined, range).content).toContain("Content from outside follows");
  expect(readResult(logWith(text, "1.0"), undefined, range)).toMatchObject({ isError: true });
  expect(readResult(outside, undefined, { ...range, from: 900_000 })).toMatchObject({
    isError: true,
  });
});

test("what is shown of a result is the same object each time, and never more than the result", () => {
  const result = { toolCallId: "c", toolName: "look", content: text, isError: false };
  const options = { reference: "3.1", offloadAbove: 2_000, tokens };
  expect(showResult(result, "cleared", options)).toBe(showResult(result, "cleared", options));
  const short = { ...result, content: "short" };
  expect(showResult(short, "cleared", options)).toBe(short);
});
