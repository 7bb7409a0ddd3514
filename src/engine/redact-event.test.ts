import { expect, test } from "vitest";
import { createRedactor } from "../base/redact.ts";
import type { LiveEvent, NewEvent } from "../events/event.ts";
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

const stop = {
  reason: "error",
  error: { code: "x.y", message: secret, hint: secret, retryable: false },
} as const;
const { error } = stop;
const durationMs = 1;
const totals = {
  turns: 1,
  toolCalls: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  failedTokens: 0,
  costMicroUsd: 0,
  unpricedCalls: 0,
  durationMs,
};
const called = { turn: 1, index: 0, toolCallId: "c", toolName: "t", decision: null, attempts: 1 };
const started = {
  agent: "a",
  model: "m",
  effort: "low",
  effortSource: "flag",
  workspace: null,
} as const;

/** Every kind of event in which somebody's words stand, with a secret in each of them. */
const told: readonly NewEvent[] = [
  { type: "run.started", ...started, task: secret, limits: {}, policy: "p", notices: [secret] },
  {
    type: "run.started",
    ...started,
    task: "t",
    inputs: { letter: [secret] },
    limits: {},
    policy: "p",
    notices: [],
  },
  { type: "session.opened", tools: [], skills: [], notices: [secret] },
  { type: "message.user", text: secret },
  { type: "stuck.noticed", kind: "repeat", turns: 3, evidence: [1], refused: [], text: secret },
  asked(JSON.stringify({ path: secret })),
  asked(`not JSON ${secret}`),
  { type: "turn.failed", turn: 1, error, tokens: 0, costMicroUsd: 0, attempts: 1, durationMs },
  { type: "tool.completed", ...called, content: secret, isError: true, error, durationMs },
  { type: "check.completed", attempt: 1, passed: false, output: secret, error, durationMs },
  {
    type: "verification.completed",
    reward: null,
    passed: false,
    output: secret,
    error,
    durationMs,
  },
  { type: "run.parked", approvalId: "a", toolName: "t", message: secret },
  { type: "agent.stopped", stop, summary: secret },
  {
    type: "run.finished",
    outcome: "failed",
    stop,
    summary: secret,
    output: { drawer: secret },
    totals,
    filesChanged: [{ path: secret, change: "added", bytes: 1 }],
  },
];

test.each(told.map((event) => [event.type, event] as const))(
  "no words of %s hold a secret",
  (_type, event) => {
    const { toolCallId: _structure, ...said } = {
      toolCallId: "",
      ...redactEvent(event, redactor()),
    };
    expect(JSON.stringify(said)).toContain("[secret:S]");
    expect(JSON.stringify(said)).not.toContain(secret);
  },
);

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

test("live text holds a secret of several words back until it is known", () => {
  const told: LiveEvent[] = [];
  const several = createRedactor();
  several.register("S", "correct horse battery staple");
  const live = createLiveText(several, (event) => told.push(event));
  for (const piece of ["It is corr", "ect horse", " battery ", "staple, they", " say to ", "me."]) {
    live.add({ type: "text.delta", runId: "r", at: 1, turn: 1, text: piece });
  }
  live.flush("r");
  const text = told.map((event) => (event.type === "text.delta" ? event.text : "")).join("");
  expect(text).toBe("It is [secret:S], they say to me.");
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
