import { expect, test } from "vitest";
import { createRedactor } from "../base/redact.ts";
import type { LiveEvent } from "../events/event.ts";
import { createLiveText } from "./live-text.ts";
import { redactEvent } from "./redact-event.ts";

const secret = "supersecretvalue1";
function redactor() {
  const made = createRedactor();
  made.register("S", secret);
  return made;
}
const asked = (argumentsText: string) =>
  ({
    type: "tool.started",
    turn: 1,
    index: 0,
    toolCallId: secret,
    toolName: "t",
    argumentsText,
  }) as const;

test("arguments lose their secrets, in names of fields too, and nothing else changes", () => {
  const text = `{ "id": 12345678901234567890, "${secret}": ["a\\"${secret}"],  "k":1.50 }`;
  expect(redactEvent(asked(text), redactor())).toMatchObject({
    argumentsText: '{ "id": 12345678901234567890, "[secret:S]": ["a\\"[secret:S]"],  "k":1.50 }',
  });
});

test("ids and kinds are structure and stay as they are", () => {
  expect(redactEvent(asked("{}"), redactor())).toMatchObject({
    toolCallId: secret,
    type: "tool.started",
  });
});

test("reasoning whose text changed loses the signature of its old text", () => {
  const event = redactEvent(
    {
      type: "turn.completed",
      turn: 1,
      parts: [
        { type: "reasoning", text: `it is ${secret}`, providerMetadata: { p: { signature: "x" } } },
        { type: "reasoning", text: "plain", providerMetadata: { p: { signature: "y" } } },
      ],
      usage: {
        inputTokens: 1,
        cachedInputTokens: 0,
        outputTokens: 1,
        reasoningTokens: 0,
        estimated: false,
      },
      costMicroUsd: 0,
      effort: "low",
      decision: { effect: "allow", ruleId: "r" },
      attempts: 1,
      durationMs: 1,
      finishReason: "stop",
      callId: "c",
    },
    redactor(),
  );
  expect(event).toMatchObject({
    parts: [
      { type: "reasoning", text: "it is [secret:S]" },
      { type: "reasoning", text: "plain", providerMetadata: { p: { signature: "y" } } },
    ],
  });
  expect(JSON.stringify(event)).not.toContain('"x"');
});

test("live text hides a secret that arrives in pieces and takes long words in its stride", () => {
  const told: LiveEvent[] = [];
  const live = createLiveText(redactor(), (event) => told.push(event));
  const add = (text: string) => live.add({ type: "text.delta", runId: "r", at: 1, turn: 1, text });
  for (const piece of ["The value is super", "secret", "value1 and", " more"]) add(piece);
  const began = process.cpuUsage().user;
  add(`${"x".repeat(200_000)} two words`);
  live.flush("r");
  const text = told.map((event) => (event.type === "text.delta" ? event.text : "")).join("");
  expect(text).toBe(`The value is [secret:S] and more${"x".repeat(200_000)} two words`);
  // A pattern read from the front took minutes here.
  expect(process.cpuUsage().user - began).toBeLessThan(2_000_000);
});
