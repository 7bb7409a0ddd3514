import { causesOf } from "../base/causes.ts";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { cutShort } from "./finish-reason.ts";
import type { ModelTurn } from "./model.ts";

/** A request that did not fit, as far as the provider says. In tokens. */
export interface ContextOverflow {
  /** How long the request was, without the room for its answer where that is told apart. */
  readonly inputTokens?: number;
  /** The size of the window. */
  readonly contextTokens?: number;
}

/**
 * What providers write where a conversation is too long. That too much output was asked for is
 * another matter, and most of them write it in nearly the same words.
 *
 * | provider | words |
 * |---|---|
 * | Anthropic | `prompt is too long: N tokens > M maximum`; with the output cap, `exceed context limit: N + K > M` |
 * | OpenAI | code `context_length_exceeded`; `maximum context length is M tokens`; `exceeds the context window` |
 * | Google | `input token count (N) exceeds the maximum number of tokens allowed (M)` |
 * | llama.cpp, newer Ollama | type `exceed_context_size_error`; `request (N tokens) exceeds the available context size (M tokens)` |
 * | Ollama | `input length exceeds the context length`, or it clips the request and says nothing |
 * | vLLM | `maximum context length is M tokens`; `longer than the maximum model length of M` |
 */
const overflowWords = [
  /context_length_exceeded|exceed_context_size_error|request_too_large/,
  /prompt (?:is |was )?too long/i,
  /exceeds? (?:the |this )?(?:model's |available |maximum )*context (?:window|length|size|limit)/i,
  /maximum context length/i,
  /input token count.{0,40}exceeds the maximum/i,
  /longer than the maximum model length|too long to fit into the model/i,
];

const inputWords = [
  /\((\d+) in the messages/,
  /(\d+) tokens? > \d+/,
  /(\d+) \+ \d+ > \d+/,
  /input token count \((\d+)\)/,
  /request \((\d+) tokens\)/,
  /(?:resulted in|requested|request has) (?:about )?(\d+)(?: input)? tokens/,
  /prompt \((?:total )?length (\d+)\)/,
];

const windowWords = [
  /maximum context length (?:is|of) (\d+)/,
  /tokens? > (\d+)/,
  /\d+ \+ \d+ > (\d+)/,
  /tokens allowed \((\d+)\)/,
  /context size \((\d+) tokens\)/,
  /(?:context length|model length of|context window of) (\d+)/,
];

/** What a provider's words say of a request that did not fit; undefined where they say none of it. */
export function readOverflow(said: string): ContextOverflow | undefined {
  if (!overflowWords.some((words) => words.test(said))) return undefined;
  const inputTokens = numberIn(said, inputWords);
  const contextTokens = numberIn(said, windowWords);
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}

function numberIn(text: string, patterns: readonly RegExp[]): number | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return Number(found);
  }
  return undefined;
}

/** What a request that did not fit becomes, whoever's request it was. */
export function contextOverflow(
  model: string,
  overflow: ContextOverflow,
  cause?: unknown,
): Agent33Error {
  const { inputTokens, contextTokens } = overflow;
  const sizes = [
    ...(inputTokens === undefined ? [] : [`it has ${inputTokens} tokens`]),
    ...(contextTokens === undefined ? [] : [`the window ${contextTokens}`]),
  ];
  return new Agent33Error(
    "models.context_overflow",
    `The request does not fit into the context window of ${model}${sizes.length === 0 ? "" : `: ${sizes.join(", ")}`}.`,
    {
      hint: "Shorten the conversation, or use a model with a larger window.",
      details: { ...overflow },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/**
 * What is known of the overflow that an error speaks of, itself or in its causes; undefined where it
 * speaks of something else.
 */
export function overflowOf(error: unknown): ContextOverflow | undefined {
  const found = causesOf(error).find(
    (one) => isAgent33Error(one) && one.code === "models.context_overflow",
  );
  return isAgent33Error(found) ? ((found.details ?? {}) as ContextOverflow) : undefined;
}

/** Below this there is nothing to clip, and a count may be off by what templates add and leave out. */
const leastClipped = 1_000;
/** No tokenizer counts so much less than another, and no template leaves out so much. */
const clippedBelow = 0.75;
/** A server that stops at its window stops some tokens before it. */
const windowSlack = 32;

/**
 * Whether a turn was answered although its request, or the answer, did not fit: the server clipped
 * what it was sent (Ollama), or stopped where the window ended and called that a finish.
 * @param expected.inputTokens what the request should have counted, by earlier counts of this very
 * model where there are some: our own count alone is off for a server that leaves out the tools
 * @param expected.contextTokens the window, where it is known
 */
export function silentOverflow(
  { usage, finishReason }: Pick<ModelTurn, "usage" | "finishReason">,
  expected: { readonly inputTokens: number; readonly contextTokens?: number | undefined },
): ContextOverflow | undefined {
  const window =
    expected.contextTokens === undefined ? {} : { contextTokens: expected.contextTokens };
  if (finishReason === "model_context_window_exceeded") {
    return { inputTokens: usage.inputTokens, ...window };
  }
  if (usage.estimated) return undefined;
  const clipped =
    expected.inputTokens >= leastClipped && usage.inputTokens < expected.inputTokens * clippedBelow;
  // What the server took is what it has room for.
  if (clipped) return { inputTokens: expected.inputTokens, contextTokens: usage.inputTokens };
  const full =
    cutShort(finishReason) === "length" &&
    usage.inputTokens + usage.outputTokens + windowSlack >=
      (expected.contextTokens ?? Number.POSITIVE_INFINITY);
  return full ? { inputTokens: usage.inputTokens, ...window } : undefined;
}
