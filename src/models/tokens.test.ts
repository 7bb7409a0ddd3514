import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Message } from "../base/message.ts";
import type { ModelRequest } from "./model.ts";
import { loadTokenCounter } from "./tokens.ts";

const tokens = await loadTokenCounter();

const request: ModelRequest = {
  system: "You are careful.",
  messages: [{ role: "user", text: "Reconcile the ledger." }],
  tools: [],
  maxOutputTokens: 100,
};

describe("counting tokens", () => {
  test("agrees with the published encoding", () => {
    // Token ids by OpenAI's o200k_base: "hello world" is [24912, 2375].
    expect(tokens.text("hello world")).toBe(2);
    expect(tokens.text("")).toBe(0);
  });

  test("text that looks like a control token is text", () => {
    expect(tokens.text("<|endoftext|>")).toBeGreaterThan(1);
  });

  test("every part of a request counts", () => {
    const base = tokens.request(request);
    const longer = "All amounts are in cents, and the two files use other column names.";
    const more: readonly ModelRequest[] = [
      { ...request, system: `${request.system} ${longer}` },
      { ...request, messages: [...request.messages, { role: "user", text: longer }] },
      {
        ...request,
        messages: [
          ...request.messages,
          { role: "assistant", parts: [{ type: "reasoning", text: longer }] },
        ],
      },
      {
        ...request,
        messages: [
          ...request.messages,
          {
            role: "assistant",
            parts: [
              {
                type: "tool_call",
                toolCallId: "c",
                toolName: "read",
                argumentsText: `{"path":"${longer}"}`,
              },
            ],
          },
        ],
      },
      {
        ...request,
        messages: [
          ...request.messages,
          {
            role: "tool",
            results: [{ toolCallId: "c", toolName: "read", content: longer, isError: false }],
          },
        ],
      },
      {
        ...request,
        tools: [{ name: "read", description: longer, inputSchema: { type: "object" } }],
      },
      {
        ...request,
        tools: [
          {
            name: "read",
            description: "",
            inputSchema: {
              type: "object",
              properties: { path: { type: "string", description: longer } },
            },
          },
        ],
      },
    ];
    for (const one of more)
      expect(tokens.request(one) - base).toBeGreaterThanOrEqual(tokens.text(longer));
  });

  test("a message counts the same each time", () => {
    const message: Message = { role: "user", text: "Once more, and the same." };
    const asked = { ...request, messages: [message, message] };
    expect(tokens.request(asked)).toBe(tokens.request(asked));
    expect(tokens.request(asked)).toBe(
      tokens.request({ ...request, messages: [message, { ...message }] }),
    );
  });

  test("a conversation counts as the sum of its messages, however it has changed since", () => {
    const said = (text: string): Message => ({ role: "user", text });
    const [a, b, c, longer] = ["a", "b", "c", "so much more than that"].map(said);
    if (a === undefined || b === undefined || c === undefined || longer === undefined) throw a;
    const count = (messages: readonly Message[]) => tokens.request({ ...request, messages });
    const alone = (messages: readonly Message[]) => count(structuredClone(messages));
    for (const messages of [[a, b], [a, b, c], [a, longer, c], [a], [a, longer, c, b], [b]]) {
      expect(count(messages)).toBe(alone(messages));
    }
  });

  test("the bound lies above the count, further above for foreign tokenizers and tools", () => {
    const count = tokens.request(request);
    const openai = tokens.inputBound(request, "openai");
    const anthropic = tokens.inputBound(request, "anthropic");
    expect(openai).toBeGreaterThan(count);
    expect(anthropic).toBeGreaterThan(openai);
    const withTool = { ...request, tools: [{ name: "t", description: "", inputSchema: {} }] };
    expect(tokens.inputBound(withTool, "anthropic") - anthropic).toBeGreaterThan(500);
  });

  test.each([
    ["Chinese without spaces", "漢字".repeat(20_000)],
    ["one letter", "a".repeat(40_000)],
    ["blanks", " ".repeat(40_000)],
  ])("%s does not take time in the square of its length", (_name, text) => {
    const start = process.cpuUsage();
    const count = tokens.text(text);
    const { user } = process.cpuUsage(start);
    expect(count).toBeGreaterThan(200);
    // In one piece these take between 1.5 and 10 seconds.
    expect(user / 1000).toBeLessThan(1_000);
  });

  test("cutting long runs changes a count by little", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 257, max: 1500 }),
        fc.constantFrom("ab", "漢", "=", "x9Z/"),
        (length, unit) => {
          const run = unit.repeat(length).slice(0, length);
          const cut = tokens.text(run);
          // A blank in front of every 200 characters keeps each run short enough not to be cut.
          const spaced = tokens.text((run.match(/.{1,200}/g) ?? []).join(" "));
          expect(Math.abs(cut - spaced)).toBeLessThanOrEqual(2 * Math.ceil(length / 200) + 2);
        },
      ),
    );
  });

  test("no text has more tokens than bytes, and only the empty one has none", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 600 }), (text) => {
        const count = tokens.text(text);
        expect(count).toBeLessThanOrEqual(Buffer.byteLength(text));
        expect(count === 0).toBe(text === "");
      }),
    );
  });
});
