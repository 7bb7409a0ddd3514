import type { Message, ToolResultPart } from "../base/message.ts";
import type { TokenCounter } from "../models/tokens.ts";
import type { Conversation, Exchange, UserMessage } from "./conversation.ts";
import type { Decisions } from "./decisions.ts";
import { keptOf, recordMessage } from "./record.ts";
import { resultReference, type Showing, showResult } from "./shown-result.ts";

/** What makes a prompt of a conversation, besides what was decided. */
export interface PromptOptions {
  readonly offloadAbove: number;
  readonly tokens: TokenCounter;
  /** Names of tools whose results hold until the end: they are shown whole. */
  readonly holds: ReadonlySet<string>;
}

/** The exchanges that are shown. */
export function shownExchanges(
  { exchanges }: Conversation,
  { summary }: Pick<Decisions, "summary">,
): readonly Exchange[] {
  if (summary === undefined) return exchanges;
  // They stand at the end: the long past before them is not walked.
  let from = exchanges.length;
  while (from > 0 && (exchanges[from - 1]?.turn ?? 0) > summary.throughTurn) from -= 1;
  return exchanges.slice(from);
}

/**
 * The conversation as messages: what was said first, the record of what is not shown, the rest. A
 * function of the log alone. Every call has its result right after it.
 */
export function renderMessages(
  conversation: Conversation,
  decisions: Decisions,
  options: PromptOptions,
): readonly Message[] {
  const shown = shownExchanges(conversation, decisions);
  return [
    ...conversation.opening.map(({ message }) => message),
    ...recordOf(conversation, decisions, options),
    ...shown.flatMap((exchange) => renderExchange(exchange, decisions, options)),
  ];
}

const recorded = new WeakMap<object, UserMessage>();

/** The record of what is not shown; the same object until there is another. */
function recordOf(
  { exchanges }: Conversation,
  { summary }: Decisions,
  { holds }: PromptOptions,
): readonly UserMessage[] {
  if (summary === undefined) return [];
  const known = recorded.get(summary);
  if (known !== undefined) return [known];
  const past = exchanges.filter(({ turn }) => turn <= summary.throughTurn);
  const message = recordMessage(summary, keptOf(past, holds));
  recorded.set(summary, message);
  return [message];
}

interface Rendered {
  /** What it was rendered from: anything else is rendered anew. */
  readonly key: string;
  readonly messages: readonly Message[];
}

const rendered = new WeakMap<Exchange, Rendered>();

/**
 * A turn's messages: the answer, the results of its calls, what was said after them. The same
 * objects as long as nothing of it changes, so that they need not be counted again.
 */
export function renderExchange(
  exchange: Exchange,
  decisions: Pick<Decisions, "offloaded" | "clearedThrough">,
  options: PromptOptions,
): readonly Message[] {
  const { turn, revision } = exchange;
  const { offloaded, clearedThrough } = decisions;
  const places = turn <= clearedThrough ? "cleared" : [...(offloaded.get(turn) ?? [])].join();
  const key = `${places} ${revision} ${options.offloadAbove}`;
  const known = rendered.get(exchange);
  if (known?.key === key) return known.messages;
  const messages = messagesOf(exchange, decisions, options);
  rendered.set(exchange, { key, messages });
  return messages;
}

function messagesOf(
  { turn, answer, calls, results, said }: Exchange,
  decisions: Pick<Decisions, "offloaded" | "clearedThrough">,
  options: PromptOptions,
): readonly Message[] {
  const after = said.map(({ message }) => message);
  if (calls.length === 0) return [answer, ...after];
  const shown = calls.map((call, index): ToolResultPart => {
    const result = results.get(index);
    if (result === undefined) {
      return { toolCallId: call.toolCallId, toolName: call.toolName, ...notRun };
    }
    const reference = resultReference({ turn, index });
    const showing = showingOf(result, turn, index, decisions, options);
    const part = showResult(result, showing, { ...options, reference });
    // The id pairs the two; a result that was told with another would be an orphan.
    return part.toolCallId === call.toolCallId ? part : { ...part, toolCallId: call.toolCallId };
  });
  return [answer, { role: "tool", results: shown }, ...after];
}

/** A call without a result was never run: the run stopped, or was steered, before it. */
const notRun = { content: "Not run.", isError: true } as const;

function showingOf(
  { toolName }: ToolResultPart,
  turn: number,
  index: number,
  { offloaded, clearedThrough }: Pick<Decisions, "offloaded" | "clearedThrough">,
  { holds }: PromptOptions,
): Showing {
  if (holds.has(toolName)) return "whole";
  if (turn <= clearedThrough) return "cleared";
  return offloaded.get(turn)?.has(index) === true ? "ends" : "whole";
}
