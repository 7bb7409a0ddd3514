import type { AssistantPart } from "../../src/base/message.ts";
import { type Script, scriptedParts } from "../../src/models/scripted.ts";
import { loadTokenCounter } from "../../src/models/tokens.ts";
import {
  type Behaviour,
  type OpenAiServer,
  type RecordedRequest,
  startOpenAiServer,
  type TurnBehaviour,
} from "./openai-server.ts";

/** Ways to fail that can be asked for by name. */
export const faults = {
  "429": { kind: "status", status: 429, message: "slow down", headers: { "retry-after": "1" } },
  "429-ms": {
    kind: "status",
    status: 429,
    message: "slow down",
    headers: { "retry-after-ms": "200" },
  },
  "429-long": { kind: "status", status: 429, headers: { "retry-after": "60" } },
  "500": { kind: "status", status: 500, message: "the server stumbled" },
  "401": { kind: "status", status: 401, message: "wrong key" },
  refused: { kind: "broken", after: "request" },
  broken: { kind: "broken", after: "headers" },
  "broken-late": { kind: "broken", after: "first_chunk" },
  "cut-short": { kind: "cut_short" },
  garbage: { kind: "garbage", form: "page" },
  "garbage-json": { kind: "garbage", form: "json" },
  "error-event": { kind: "error_event", message: "overloaded", code: 503 },
  hang: { kind: "hang", at: "start" },
  "hang-late": { kind: "hang", at: "between_chunks" },
} as const satisfies Readonly<Record<string, Behaviour>>;
export type FaultName = keyof typeof faults;

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faults, name);
}

/**
 * A script behind the wire format. The turn is chosen by the assistant messages in the request; the
 * faults come first, one a request, so that a client that tries again gets through.
 */
export async function startScriptedServer(
  script: Script,
  options: {
    readonly faults?: readonly FaultName[];
    readonly port?: number;
    readonly onRequest?: (request: RecordedRequest, behaviour: Behaviour) => void;
  } = {},
): Promise<OpenAiServer> {
  const tokens = await loadTokenCounter();
  const tokensOf = (text: string) => tokens.text(text);
  const waiting = [...(options.faults ?? [])];
  return startOpenAiServer((request) => {
    const fault = waiting.shift();
    const behaviour = fault === undefined ? turnFor(script, request, tokensOf) : faults[fault];
    options.onRequest?.(request, behaviour);
    return behaviour;
  }, options.port);
}

function turnFor(
  script: Script,
  request: RecordedRequest,
  tokensOf: (text: string) => number,
): Behaviour {
  const index = request.body.messages.filter((message) => message.role === "assistant").length;
  const turn = script.turns[index];
  if (turn === undefined) {
    const message = `the script "${script.name}" has ${script.turns.length} turns; turn ${index + 1} was asked for`;
    return { kind: "status", status: 400, message };
  }
  const parts = scriptedParts(turn, index);
  const said = (type: "text" | "reasoning") =>
    parts.flatMap((part) => (part.type === type ? [part.text] : [])).join("");
  const toolCalls = parts.flatMap((part) =>
    part.type === "tool_call"
      ? [{ id: part.toolCallId, name: part.toolName, argumentsText: part.argumentsText }]
      : [],
  );
  const reasoning = said("reasoning");
  const text = said("text");
  return {
    kind: "turn",
    ...(reasoning === "" ? {} : { reasoning }),
    ...(text === "" ? {} : { text }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    usage: usageFor(turn.usage, request, parts, tokensOf),
  };
}

function usageFor(
  stated: Script["turns"][number]["usage"],
  request: RecordedRequest,
  parts: readonly AssistantPart[],
  tokensOf: (text: string) => number,
): NonNullable<TurnBehaviour["usage"]> {
  if (stated !== undefined) {
    return {
      promptTokens: stated.input_tokens,
      cachedTokens: stated.cached_input_tokens,
      completionTokens: stated.output_tokens,
      reasoningTokens: stated.reasoning_tokens,
    };
  }
  return {
    promptTokens: tokensOf(JSON.stringify([request.body.messages, request.body["tools"] ?? []])),
    completionTokens: parts.reduce(
      (sum, part) => sum + tokensOf(part.type === "tool_call" ? part.argumentsText : part.text),
      0,
    ),
  };
}
