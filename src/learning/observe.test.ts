import { describe, expect, test } from "vitest";
import { fromOutside } from "../base/outside.ts";
import type { NewEvent, RunOutcome, StoredEvent } from "../events/event.ts";
import { signalsOf } from "./observe.ts";
import { newSignalSchema } from "./signal.ts";

const run = { id: "r1", task: "Add up", agent: "worker@1", model: "scripted:x" };
const logged = (...events: readonly NewEvent[]): readonly StoredEvent[] =>
  events.map((event, index) => ({ ...event, runId: "r1", seq: index + 1, at: 1000 * (index + 1) }));
const learned = (...events: readonly NewEvent[]) => signalsOf(run, logged(...events));

const error = { code: "x.lost", message: "It is gone.", retryable: false };
const totals = {
  turns: 1,
  toolCalls: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  failedTokens: 0,
  costMicroUsd: 0,
  unpricedCalls: 0,
  durationMs: 1,
};
const ended = (outcome: RunOutcome): NewEvent => ({
  type: "run.finished",
  outcome,
  stop: { reason: "done" },
  summary: "I did it.",
  totals,
  filesChanged: [],
});
const turnFailed = (code: string): NewEvent => ({
  type: "turn.failed",
  turn: 1,
  error: { ...error, code },
  tokens: 0,
  costMicroUsd: 0,
  attempts: 3,
  durationMs: 1,
});
const checked: NewEvent & { readonly type: "check.completed" } = {
  type: "check.completed",
  attempt: 1,
  passed: false,
  output: "",
  durationMs: 1,
};
const verified: NewEvent & { readonly type: "verification.completed" } = {
  type: "verification.completed",
  reward: null,
  passed: false,
  durationMs: 1,
  output: "",
};
const toolFailed = (content: string): NewEvent => ({
  type: "tool.completed",
  turn: 1,
  index: 0,
  toolCallId: "c",
  toolName: "read",
  content,
  isError: true,
  decision: null,
  attempts: 1,
  durationMs: 1,
});

describe("the end of a run", () => {
  test("that went in circles says how, and which events show it", () => {
    const stop = { reason: "stuck", kind: "ping_pong", turns: 6, evidence: [4, 7] } as const;
    expect(learned({ type: "agent.stopped", stop, summary: "" })).toMatchObject([
      {
        type: "process",
        severity: "medium",
        summary: "A run went in circles: ping_pong",
        details: "It was stopped after 6 turns of it, events 4, 7.",
        context: { kind: "ping_pong", turns: "6" },
      },
    ]);
  });

  test.each([
    ["failed", "incident", "A run failed"],
    ["refuted", "bug", "A run's work was refuted by the hidden tests"],
  ] as const)("that %s is a grave signal", (outcome, type, summary) => {
    expect(learned(ended(outcome))).toMatchObject([
      { type, severity: "high", summary, details: "I did it." },
    ]);
  });

  test.each(["verified", "unverified", "cancelled"] as const)("that is %s is none", (outcome) => {
    expect(learned(ended(outcome))).toEqual([]);
  });
});

describe("what could not be judged is told", () => {
  test("where a model's call failed, with its code and attempts", () => {
    expect(learned(turnFailed("models.overloaded"))).toMatchObject([
      {
        type: "incident",
        source: "engine:model",
        summary: "The model call failed: models.overloaded",
        details: "It is gone.",
        context: { code: "models.overloaded", attempts: "3" },
      },
    ]);
  });

  test("by the boundary's own reading, where the boundary refused the model", () => {
    expect(learned(turnFailed("boundary.budget_exceeded"))).toMatchObject([
      { type: "process", source: "engine:budget" },
    ]);
  });

  test("where a check could not run, and not where it only failed", () => {
    expect(learned(checked, { ...checked, error })).toMatchObject([
      { source: "engine:check", details: "It is gone.", idempotencyKey: "run:r1:2" },
    ]);
  });

  test("where hidden tests gave no verdict, and not where they said no", () => {
    expect(learned({ ...verified, reward: 0 }, { ...verified, error })).toMatchObject([
      {
        severity: "high",
        source: "engine:verifier",
        summary: "The hidden tests gave no verdict",
        idempotencyKey: "run:r1:2",
      },
    ]);
  });
});

describe("a signal of a run", () => {
  test("names the run, and happened when the log says so", () => {
    expect(learned(ended("verified"), toolFailed("no"))).toMatchObject([
      {
        at: 2000,
        idempotencyKey: "run:r1:2",
        context: { run: "r1", agent: "worker@1", model: "scripted:x", tool: "read" },
      },
    ]);
  });

  test("is one that can be recorded, whatever a tool said", () => {
    const [signal] = learned(toolFailed(`\0 half \ud83d${"😀".repeat(30_000)}`));
    expect(signal?.details).toMatch(/^\ufffd half \ufffd😀/);
    expect(signal?.details).toHaveLength(4000);
    expect(signal?.details.endsWith("…")).toBe(true);
    expect(newSignalSchema.parse(signal)).toEqual(signal);
  });
});

test("of a result from outside the words themselves are learned, not the marks around them", () => {
  const [signal] = learned(toolFailed(fromOutside(["MCP server: a"], "no such note")));
  expect(signal?.details).toBe("no such note");
});
