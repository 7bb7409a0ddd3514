import { describe, expect, test } from "vitest";
import type { Message } from "../base/message.ts";
import { toPrompt } from "./to-prompt.ts";

const prompt = (...messages: readonly Message[]) => toPrompt({ system: "", messages });

const call = (argumentsText: string): Message => ({
  role: "assistant",
  parts: [{ type: "tool_call", toolCallId: "c1", toolName: "read", argumentsText }],
});

describe("a conversation as a prompt", () => {
  test("the system text comes first, and not at all when it is empty", () => {
    expect(toPrompt({ system: "Be brief.", messages: [{ role: "user", text: "Hi" }] })).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: [{ type: "text", text: "Hi" }] },
    ]);
    expect(prompt({ role: "user", text: "Hi" })).toHaveLength(1);
  });

  test("the parts of a turn keep their order", () => {
    const [message] = prompt({
      role: "assistant",
      parts: [
        { type: "reasoning", text: "First look." },
        { type: "text", text: "Looking." },
        { type: "tool_call", toolCallId: "c1", toolName: "read", argumentsText: '{"path":"a"}' },
        { type: "tool_call", toolCallId: "c2", toolName: "read", argumentsText: '{"path":"b"}' },
      ],
    });
    expect(message).toEqual({
      role: "assistant",
      content: [
        { type: "reasoning", text: "First look." },
        { type: "text", text: "Looking." },
        { type: "tool-call", toolCallId: "c1", toolName: "read", input: { path: "a" } },
        { type: "tool-call", toolCallId: "c2", toolName: "read", input: { path: "b" } },
      ],
    });
  });

  test("signatures travel back to the provider that made them", () => {
    const providerMetadata = { anthropic: { signature: "c2ln" } };
    const [message] = prompt({
      role: "assistant",
      parts: [
        { type: "reasoning", text: "", providerMetadata },
        {
          type: "tool_call",
          toolCallId: "c",
          toolName: "t",
          argumentsText: "{}",
          providerMetadata,
        },
      ],
    });
    expect(message?.content).toMatchObject([
      { type: "reasoning", providerOptions: providerMetadata },
      { type: "tool-call", providerOptions: providerMetadata },
    ]);
  });

  test("results of several calls stand in one message, and failures are marked", () => {
    const [message] = prompt({
      role: "tool",
      results: [
        { toolCallId: "c1", toolName: "read", content: "a,b", isError: false },
        { toolCallId: "c2", toolName: "read", content: "no such file", isError: true },
      ],
    });
    expect(message).toEqual({
      role: "tool",
      content: [
        {
          type: "tool-result",
          toolCallId: "c1",
          toolName: "read",
          output: { type: "text", value: "a,b" },
        },
        {
          type: "tool-result",
          toolCallId: "c2",
          toolName: "read",
          output: { type: "error-text", value: "no such file" },
        },
      ],
    });
  });

  test.each([
    ["", {}],
    ["  ", {}],
    ['{"path": "x', { malformed_arguments: '{"path": "x' }],
    ["[1]", { malformed_arguments: "[1]" }],
    ['"text"', { malformed_arguments: '"text"' }],
    ["null", { malformed_arguments: "null" }],
  ])("arguments %j go back as an object", (text, input) => {
    expect(prompt(call(text))[0]?.content).toMatchObject([{ input }]);
  });

  test("empty texts and empty turns are left out", () => {
    expect(
      prompt(
        { role: "assistant", parts: [] },
        { role: "assistant", parts: [{ type: "text", text: "" }] },
      ),
    ).toEqual([]);
  });
});
