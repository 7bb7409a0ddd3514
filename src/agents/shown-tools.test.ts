import { describe, expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { createToolRegistry } from "../tools/registry.ts";
import type { OfferedTool, Tool } from "../tools/tool.ts";
import type { Toolbox } from "./ports.ts";
import { activatedTools, notActive, shownTools } from "./shown-tools.ts";

const tool = (name: string, description = ""): Tool => ({
  name,
  description,
  inputSchema: { type: "object" },
  source: "mcp:x",
  effect: "read",
  repeat: "safe",
  parse: () => ({ ok: true, value: {} }),
  run: async () => ({ content: "", isError: false }),
});

function toolbox(shown: readonly Tool[], toFind: readonly Tool[]): Toolbox {
  const registry = createToolRegistry([...shown, ...toFind]);
  return {
    tools: shown,
    find: (name) => registry.get(name),
    effectOf: ({ effect }) => effect,
    call: () => Promise.reject(new Error("Nothing is called here.")),
  };
}

const log = (events: readonly NewEvent[]): readonly StoredEvent[] =>
  events.map((event, index) => ({ ...event, at: 0, seq: index + 1, runId: "r" }));
const names = (tools: readonly OfferedTool[]): readonly string[] => tools.map(({ name }) => name);

describe("the tools that a model is shown", () => {
  const box = toolbox([tool("find")], [tool("a"), tool("b"), tool("c")]);
  const activation = (...found: readonly string[]): NewEvent => ({
    type: "tools.activated",
    turn: 1,
    index: 0,
    tools: activatedTools(box, found),
  });

  test("are those that are always there until it has found others", () => {
    expect(shownTools(box, [], 99)).toBe(box.tools);
  });

  test("grow at the end, in the order in which they were found, each once", () => {
    const events = log([activation("c"), activation("a", "c"), activation("b")]);
    expect(names(shownTools(box, events, 99))).toEqual(["find", "c", "a", "b"]);
    expect(names(shownTools(box, events, 2))).toEqual(["find", "c", "a"]);
    expect(names(shownTools(box, events, 0))).toEqual(["find"]);
  });

  test("do not hold a found tool that is described differently since, until it is found anew", () => {
    const events = log([activation("a", "b")]);
    const changed = toolbox([tool("find")], [tool("a", "does something else"), tool("b")]);
    expect(names(shownTools(changed, events, 99))).toEqual(["find", "b"]);
    const again: NewEvent = {
      type: "tools.activated",
      turn: 2,
      index: 0,
      tools: activatedTools(changed, ["a"]),
    };
    const anew = log([activation("a", "b"), again]);
    expect(names(shownTools(changed, anew, 99))).toEqual(["find", "a", "b"]);
  });

  test("do not hold a found tool that is gone, nor one twice that is always shown by now", () => {
    const events = log([activation("a", "b")]);
    expect(names(shownTools(toolbox([tool("b"), tool("c")], []), events, 99))).toEqual(["b", "c"]);
  });

  test("a name that the run does not have is not activated", () => {
    expect(activatedTools(box, ["a", "nowhere"])).toEqual([
      { name: "a", digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  test("a call of any other is answered with how to find it", () => {
    expect(notActive("a")).toMatchObject({
      code: "agents.tool_not_active",
      hint: expect.stringContaining("find_tools"),
    });
  });
});
