import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { answerOptions } from "./answer-options.ts";
import { effortOptions } from "./effort.ts";
import { fromStream } from "./from-stream.ts";
import type { Model, ModelInfo, ModelIo, ModelRequest, ToolSpec } from "./model.ts";
import type { Vendor } from "./spec.ts";
import { toPrompt } from "./to-prompt.ts";
import { estimateUsage } from "./usage.ts";

/** Makes the library's model around one call's own fetch. */
export type LanguageModelFactory = (fetch: ModelIo["fetch"]) => LanguageModelV4;

export interface AiSdkModelOptions {
  readonly info: ModelInfo & { readonly provider: Vendor };
  readonly create: LanguageModelFactory;
  /** Whether an openai-compatible server takes `reasoning_effort`. Default false. */
  readonly acceptsEffort?: boolean;
  /** Whether an openai-compatible server takes the JSON Schema of an answer. Default false. */
  readonly acceptsSchema?: boolean;
}

/**
 * Any model of the AI SDK's provider specification, version 4, as our `Model`. The library's model
 * is made anew for each call (under a millisecond, no I/O), because it is bound to the fetch that it is
 * made with: two calls at once never see each other's. Retries are not switched off here because
 * `doStream` has none; they belong to the library's layer above, which is not used.
 */
export function aiSdkModel({ info, create, ...accepts }: AiSdkModelOptions): Model {
  return {
    info,
    async *stream(request, io) {
      const model = create(io.fetch);
      const { stream } = await model.doStream({
        ...toCallOptions(info, request, accepts),
        abortSignal: io.signal,
      });
      yield* fromStream(stream, (parts) => estimateUsage(request, parts));
    },
  };
}

/** The request as the specification's call options, without the signal. */
export function toCallOptions(
  info: AiSdkModelOptions["info"],
  request: ModelRequest,
  { acceptsEffort = false, acceptsSchema = false }: Omit<AiSdkModelOptions, "info" | "create">,
): LanguageModelV4CallOptions {
  const effort = effortOptions(info.provider, info.model, request, acceptsEffort);
  const answer = answerOptions(info.provider, info.model, request, acceptsSchema);
  const options = merged(
    standingOptions(info.provider, request),
    effort.providerOptions,
    answer.providerOptions,
  );
  return {
    prompt: toPrompt(request, info.provider !== "openai-compatible"),
    ...toolOptions(info.provider, request),
    ...effort,
    ...answer,
    ...(Object.keys(options).length === 0 ? {} : { providerOptions: options }),
  };
}

/** What several parts of a request say to a provider besides. */
function merged(...parts: readonly (SharedV4ProviderOptions | undefined)[]) {
  const all: SharedV4ProviderOptions = {};
  for (const part of parts) {
    for (const [provider, options] of Object.entries(part ?? {})) {
      all[provider] = { ...all[provider], ...options };
    }
  }
  return all;
}

/**
 * OpenAI's Responses API keeps answers on its servers and refers to them by id unless told otherwise. The run log
 * is the truth of a run, so the reasoning travels with it, encrypted, and nothing is kept there.
 * Anthropic caches a prompt only where it is asked to; the others do it by themselves.
 */
function standingOptions(provider: Vendor, request: ModelRequest): SharedV4ProviderOptions {
  if (provider === "openai") return { openai: { store: false } };
  return provider === "anthropic" && goesOn(request)
    ? { anthropic: { cacheControl: { type: "ephemeral" } } }
    : {};
}

/** Whether the conversation may be asked about again: a cache costs more than it saves otherwise. */
function goesOn({ tools, messages }: ModelRequest): boolean {
  return tools.length > 0 || messages.some(({ role }) => role === "assistant");
}

function toolOptions(
  provider: Vendor,
  request: ModelRequest,
): Pick<LanguageModelV4CallOptions, "tools" | "toolChoice"> {
  if (request.tools.length > 0) return { tools: request.tools.map(toFunctionTool) };
  // Anthropic's API refuses a history with tool calls in it when no tools are declared, as happens
  // in a closing turn that may not use any. They are declared by name then, and forbidden.
  const used = provider === "anthropic" ? usedToolNames(request) : [];
  if (used.length === 0) return {};
  return {
    tools: used.map((name) => ({ type: "function", name, inputSchema: { type: "object" } })),
    toolChoice: { type: "none" },
  };
}

function toFunctionTool(tool: ToolSpec): LanguageModelV4FunctionTool {
  return {
    type: "function",
    name: tool.name,
    description: tool.description,
    // A JSON Schema in both; ours does not spell out the keywords in its type.
    inputSchema: tool.inputSchema as LanguageModelV4FunctionTool["inputSchema"],
  };
}

function usedToolNames(request: ModelRequest): readonly string[] {
  const names = new Set<string>();
  for (const message of request.messages) {
    if (message.role !== "assistant") continue;
    for (const part of message.parts) if (part.type === "tool_call") names.add(part.toolName);
  }
  return [...names];
}
