import { expect, test } from "vitest";
import { z } from "zod";
import type { Effect } from "../base/effect.ts";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import { defineTool } from "../tools/define.ts";
import { outsideEffect } from "./outside-effect.ts";

function tool(name: string, effect: Effect, staysInWorkspace?: boolean) {
  return defineTool({
    name,
    description: name,
    input: z.object({ path: z.string() }),
    effect,
    repeat: "once",
    source: "test",
    ...(staysInWorkspace === undefined ? {} : { staysInWorkspace }),
    run: async () => ({ content: "", isError: false }),
  });
}

const tools = [tool("look", "read"), tool("edit", "write", true), tool("post", "write")];
const toolbox = {
  find: (name: string) => {
    const found = tools.find((one) => one.name === name);
    return found === undefined
      ? ({ ok: false, error: new Error(name) } as never)
      : { ok: true as const, value: found };
  },
  // A post to nowhere only looks.
  effectOf: (one: { readonly effect: Effect }, args: object) =>
    "path" in args && args.path === "nowhere" ? "read" : one.effect,
};

function call(toolName: string, argumentsText = '{"path":"a"}', attempts = 1): StoredEvent[] {
  const place = { turn: 1, index: 0, toolCallId: "x", toolName };
  const events: NewEvent[] = [
    { type: "tool.started", ...place, argumentsText },
    {
      type: "tool.completed",
      ...place,
      content: "",
      isError: false,
      decision: null,
      attempts,
      durationMs: 0,
    },
  ];
  return events.map((event, index) => ({ ...event, seq: index + 1, runId: "r", at: 0 }));
}

test("reading and what stays in the workspace leave nothing that cannot be put back", () => {
  for (const name of ["look", "edit"]) expect(outsideEffect(call(name), toolbox)).toBeUndefined();
});

test("a tool that writes elsewhere does, as far as this very call writes and was sent", () => {
  expect(outsideEffect(call("post"), toolbox)).toBe("post");
  expect(outsideEffect(call("post", '{"path":"nowhere"}'), toolbox)).toBeUndefined();
  expect(outsideEffect(call("post", undefined, 0), toolbox)).toBeUndefined();
});

test("what is not known any more, or cannot be read, is taken to have", () => {
  expect(outsideEffect(call("lost"), toolbox)).toBe("lost");
  expect(outsideEffect(call("post", "{"), toolbox)).toBe("post");
});
