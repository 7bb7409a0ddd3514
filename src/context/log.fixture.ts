import fc from "fast-check";
import type { Message } from "../base/message.ts";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import type { TokenCounter } from "../models/tokens.ts";
import { calibrationOf } from "./calibration.ts";
import { conversationOf } from "./conversation.ts";
import { decisionsOf } from "./decisions.ts";
import { fit, type FitRequest, type Shortening } from "./fit.ts";
import { renderMessages, shownExchanges } from "./prompt.ts";
import { summaryFromLog, summaryOf } from "./summary.ts";
import { touchedFilesOf } from "./touched-files.ts";
import { type ContextWindow, roomOf } from "./window.ts";

/** The only agent of these logs. */
const own = undefined;
export const holds: ReadonlySet<string> = new Set(["load_skill"]);

/** A log that grows. */
export interface GrowingLog {
  readonly events: StoredEvent[];
  add(...events: readonly NewEvent[]): void;
}

export function growingLog(): GrowingLog {
  const events: StoredEvent[] = [];
  return {
    events,
    add: (...added) => {
      for (const event of added) {
        events.push({
          ...event,
          seq: events.length + 1,
          runId: "r",
          at: events.length,
        } as StoredEvent);
      }
    },
  };
}

/** What one turn of a random run is. Sizes in words. */
export interface RandomTurn {
  readonly words: number;
  readonly calls: readonly {
    readonly tool: string;
    readonly argumentWords: number;
    readonly resultWords: number;
    /** Whether it came to a result. */
    readonly ran: boolean;
  }[];
  readonly said: readonly { readonly words: number; readonly byPerson: boolean }[];
  readonly fails: boolean;
}

const call = fc.record({
  tool: fc.constantFrom("read_file", "write_file", "list", "load_skill"),
  argumentWords: fc.integer({ min: 0, max: 60 }),
  resultWords: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 60, max: 900 })),
  ran: fc.integer({ min: 0, max: 9 }).map((one) => one > 0),
});

export const randomTurn: fc.Arbitrary<RandomTurn> = fc.record({
  words: fc.integer({ min: 1, max: 80 }),
  calls: fc.array(call, { maxLength: 4 }),
  said: fc.array(fc.record({ words: fc.integer({ min: 1, max: 25 }), byPerson: fc.boolean() }), {
    maxLength: 1,
  }),
  fails: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
});

const words = (count: number, of: string): string =>
  Array.from({ length: count }, (_none, place) => `${of}${place}`).join(" ");

export const usageOf = (inputTokens: number, estimated = false) => ({
  inputTokens,
  cachedInputTokens: 0,
  outputTokens: 1,
  reasoningTokens: 0,
  estimated,
});

/** The events of one turn. */
export function turnEvents(turn: number, plan: RandomTurn): readonly NewEvent[] {
  const ended = { attempts: 1, durationMs: 1 };
  const decision = { effect: "allow" as const, ruleId: "r" };
  if (plan.fails) {
    const error = { code: "x.y", message: "no", retryable: false };
    return [{ type: "turn.failed", turn, error, tokens: 0, costMicroUsd: 0, ...ended }];
  }
  const parts = plan.calls.map(({ tool, argumentWords }, index) => ({
    type: "tool_call" as const,
    toolCallId: `call_${turn}_${index}`,
    toolName: tool,
    argumentsText: JSON.stringify({
      name: `n${index % 2}`,
      path: `f${turn}`,
      text: words(argumentWords, "a"),
    }),
  }));
  return [
    {
      type: "turn.completed",
      turn,
      parts: [{ type: "text", text: words(plan.words, "w") }, ...parts],
      usage: usageOf(1, true),
      costMicroUsd: 0,
      effort: "low",
      decision,
      ...ended,
      finishReason: "stop",
      callId: "c",
    },
    ...plan.calls.flatMap(({ tool, resultWords, ran }, index): readonly NewEvent[] => {
      const place = { turn, index, toolCallId: `call_${turn}_${index}`, toolName: tool };
      const argumentsText = parts[index]?.argumentsText ?? "";
      if (!ran) return [];
      return [
        { type: "tool.started", ...place, argumentsText },
        {
          type: "tool.completed",
          ...place,
          content: words(resultWords, "r"),
          isError: false,
          decision,
          ...ended,
        },
      ];
    }),
    ...plan.said.map(
      ({ words: count, byPerson }): NewEvent => ({
        type: "message.user",
        text: words(count, byPerson ? "please" : "engine"),
        from: byPerson ? "steering" : "engine",
      }),
    ),
  ];
}

export interface Prompt {
  readonly messages: readonly Message[];
  readonly tokens: number;
  readonly fits: boolean;
}

/** What stands around the conversation in these prompts. */
export const aroundTokens = 300;

export function fitRequest(
  log: readonly StoredEvent[],
  window: ContextWindow,
  tokens: TokenCounter,
): FitRequest {
  const all = Number.MAX_SAFE_INTEGER;
  const calibration = calibrationOf(log, all, own);
  const room = roomOf(window, calibration.contextTokens);
  return {
    conversation: conversationOf(log, all, own),
    decisions: decisionsOf(log, all, own),
    calibration,
    room,
    options: { offloadAbove: room.offloadAbove, tokens, holds },
    fixed: { tokens: aroundTokens, pieces: 0 },
    refused: false,
  };
}

/** Makes the next turn's prompt as a run does, with records from the log for summaries. */
export function nextPrompt(
  log: GrowingLog,
  turn: number,
  window: ContextWindow,
  tokens: TokenCounter,
): Prompt {
  for (let tried = 0; ; tried += 1) {
    const request = fitRequest(log.events, window, tokens);
    const fitted = fit(request);
    const messages = renderMessages(request.conversation, request.decisions, request.options);
    const prompt = { messages, tokens: aroundTokens + tokens.messages(messages) };
    if (fitted.kind !== "shorten") return { ...prompt, fits: fitted.kind === "fits" };
    if (tried > 3) throw new Error(`not settled: ${JSON.stringify(fitted)}`);
    log.add(decided(log, turn, request, fitted.shortening));
  }
}

function decided(
  log: GrowingLog,
  turn: number,
  { conversation, decisions, room, options }: FitRequest,
  { why, summariseThrough: through, ...shortening }: Shortening,
): NewEvent {
  const event = { type: "context.compacted", turn, reason: why, roomTokens: room.most } as const;
  if (through === undefined)
    return { ...event, ...shortening, offloaded: [...shortening.offloaded] };
  const asked = {
    conversation,
    exchanges: shownExchanges(conversation, decisions).filter((one) => one.turn <= through),
    previous: decisions.summary,
    mostTokens: room.most,
    summaryTokens: room.summaryTokens,
    tokens: options.tokens,
  };
  const files = touchedFilesOf(log.events, Number.MAX_SAFE_INTEGER, own);
  const more = { throughTurn: through, by: "log", why: "test" } as const;
  const summary = summaryOf(summaryFromLog(asked), more, files, asked);
  return { ...event, ...shortening, offloaded: [...shortening.offloaded], summary };
}

/** What is wrong with messages that a provider would refuse. */
export function faultsOf(messages: readonly Message[]): readonly string[] {
  const faults: string[] = [];
  messages.forEach((message, place) => {
    if (message.role === "tool") {
      const before = messages[place - 1];
      const calls =
        before?.role === "assistant"
          ? before.parts.flatMap((part) => (part.type === "tool_call" ? [part.toolCallId] : []))
          : [];
      const results = message.results.map(({ toolCallId }) => toolCallId);
      if (JSON.stringify(calls) !== JSON.stringify(results)) {
        faults.push(`${place}: calls ${calls.join()} but results ${results.join()}`);
      }
    }
    if (message.role === "assistant") {
      const calls = message.parts.filter(({ type }) => type === "tool_call");
      if (calls.length > 0 && messages[place + 1]?.role !== "tool") {
        faults.push(`${place}: calls without results`);
      }
    }
  });
  return faults;
}
