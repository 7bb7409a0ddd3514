import { unreachable } from "../base/errors.ts";
import type { AssistantPart, Message, ToolResultPart } from "../base/message.ts";
import type { ModelRequest, ToolSpec } from "./model.ts";

/** Counts tokens as the o200k_base encoding does (OpenAI's since GPT-4o). Elsewhere an estimate. */
export interface TokenCounter {
  text(text: string): number;
  /** What a model wrote: text, reasoning, tool names and arguments. */
  parts(parts: readonly AssistantPart[]): number;
  /** What messages add to a request. */
  messages(messages: readonly Message[]): number;
  /** What a request sends: system text, messages, tool definitions. */
  request(request: ModelRequest): number;
  /** What the input will hardly exceed, for a budget to reserve before the call. */
  inputBound(request: ModelRequest, provider: string): number;
}

/** Role marks and separators around one message, as OpenAI's chat format writes them. */
const tokensPerMessage = 4;
const tokensPerReply = 3;
/**
 * Keys and brackets around one tool definition, one call (with its id) and the id that its result
 * names, as they stand in a request's JSON. Providers write them otherwise for the model and count
 * what they like; their first report corrects this.
 */
const tokensPerTool = 15;
const tokensPerCall = 20;
const tokensPerResultId = 8;

/**
 * How far a provider's own count may lie above ours. OpenAI's models use this encoding or a sibling
 * of it; other tokenizers cut finer, and some providers put an instruction of their own in front
 * of the tools.
 */
const margins: Readonly<
  Record<string, { readonly factor: number; readonly perToolRequest: number }>
> = { openai: { factor: 1.1, perToolRequest: 0 } };
const otherMargin = { factor: 1.4, perToolRequest: 600 };

/**
 * Longest run without a change between blank and not blank that is counted in one piece. The
 * merging of byte pairs takes time in the square of such a run: 100,000 characters of Chinese
 * cost a minute in one piece and a fifth of a second in pieces of this length. Each cut adds at
 * most a token or two.
 */
const longestRun = 256;
const overlongRun = new RegExp(`\\S{${longestRun + 1},}|\\s{${longestRun + 1},}`, "gu");
const piece = new RegExp(`[^]{1,${longestRun}}`, "gu");

let loading: Promise<TokenCounter> | undefined;

/**
 * The counter. Its table is loaded when it is first asked for (a quarter of a second, some 30 MB),
 * and once per process.
 */
export function loadTokenCounter(): Promise<TokenCounter> {
  loading ??= import("gpt-tokenizer/encoding/o200k_base").then(({ countTokens }) =>
    // Text that looks like a control token is text to us; by default it would be an exception.
    tokenCounter((text) => countTokens(text, { disallowedSpecial: new Set() })),
  );
  return loading;
}

function callsIn(parts: readonly AssistantPart[]): number {
  return parts.filter(({ type }) => type === "tool_call").length;
}

function tokenCounter(encodedLength: (text: string) => number): TokenCounter {
  // A conversation grows at its end. What has been counted is not counted again while it lives.
  const counted = new WeakMap<object, number>();
  const once = <T extends Message | ToolResultPart | ToolSpec>(
    value: T,
    count: (value: T) => number,
  ): number => {
    const known = counted.get(value);
    if (known !== undefined) return known;
    const tokens = count(value);
    counted.set(value, tokens);
    return tokens;
  };

  const text = (value: string): number => {
    if (value.length <= longestRun) return encodedLength(value);
    let tokens = 0;
    let end = 0;
    for (const run of value.matchAll(overlongRun)) {
      tokens += encodedLength(value.slice(end, run.index));
      for (const cut of run[0].match(piece) ?? []) tokens += encodedLength(cut);
      end = run.index + run[0].length;
    }
    return tokens + encodedLength(value.slice(end));
  };
  const parts = (values: readonly AssistantPart[]): number =>
    values.reduce((sum, part) => {
      if (part.type !== "tool_call") return sum + text(part.text);
      return sum + text(part.toolName) + text(part.argumentsText);
    }, 0);
  const result = ({ content }: ToolResultPart): number =>
    tokensPerMessage + tokensPerResultId + text(content);
  const message = (value: Message): number => {
    switch (value.role) {
      case "user":
        return tokensPerMessage + text(value.text);
      case "assistant":
        return tokensPerMessage + parts(value.parts) + tokensPerCall * callsIn(value.parts);
      case "tool":
        // Each result is a message of its own on the wire.
        return value.results.reduce((sum, one) => sum + once(one, result), 0);
      default:
        return unreachable(value);
    }
  };
  const tool = (value: ToolSpec): number =>
    tokensPerTool +
    text(value.name) +
    text(value.description) +
    text(JSON.stringify(value.inputSchema));
  // Messages of results are made anew for each prompt; what is known of is their results.
  const messages = (values: readonly Message[]): number =>
    values.reduce((sum, one) => sum + (one.role === "tool" ? message(one) : once(one, message)), 0);
  let lastSystem = { text: "", tokens: 0 };
  const system = (value: string): number => {
    if (value === "") return 0;
    if (lastSystem.text !== value) {
      lastSystem = { text: value, tokens: tokensPerMessage + text(value) };
    }
    return lastSystem.tokens;
  };
  const request = (value: ModelRequest): number =>
    tokensPerReply +
    system(value.system) +
    messages(value.messages) +
    value.tools.reduce((sum, one) => sum + once(one, tool), 0) +
    (value.answer === undefined ? 0 : tokensPerTool + text(JSON.stringify(value.answer.schema)));

  return {
    text,
    parts,
    messages,
    request,
    inputBound: (value, provider) => {
      const margin = margins[provider] ?? otherMargin;
      const fixed = value.tools.length > 0 ? margin.perToolRequest : 0;
      return Math.ceil(request(value) * margin.factor) + fixed;
    },
  };
}
