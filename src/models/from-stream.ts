import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { Agent33Error } from "../base/errors.ts";
import type { AssistantPart, Usage } from "../base/message.ts";
import type { ModelEvent } from "./model.ts";
import { mergeMetadata, TurnParts } from "./turn-parts.ts";
import { streamError } from "./stream-error.ts";
import { toUsage } from "./usage.ts";

/** Stands in for the provider's count where it gave none. */
export type UsageEstimate = (parts: readonly AssistantPart[]) => Promise<Usage>;

/**
 * A provider's stream as our events. Ends with `completed` or throws: what the library threw, what
 * its `error` part carried, or `models.stream_ended` where the provider stopped without saying so.
 * Content is decided by the parts that came. The finish reason is only asked whether the stream is
 * whole.
 *
 * Not carried over: files, sources, and tools that the provider runs itself (none are offered).
 * @param estimate used where the provider counted no tokens
 * @throws Agent33Error `models.stream_error`, `models.stream_ended`, `models.no_stream`
 */
export async function* fromStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  estimate: UsageEstimate,
): AsyncGenerator<ModelEvent> {
  const turn = new TurnParts();
  let responseModel: string | undefined;
  /** Whether anything came that was the provider's, and not only the library's own words. */
  let begun = false;
  // Leaving the loop early cancels the stream, and with it the request.
  for await (const part of stream) {
    begun ||= part.type !== "stream-start" && part.type !== "finish" && part.type !== "raw";
    switch (part.type) {
      case "text-start":
        turn.startProse("text", part.id, part.providerMetadata);
        break;
      case "text-delta":
        turn.addProse("text", part.id, part.delta, part.providerMetadata);
        if (part.delta !== "") yield { type: "text.delta", text: part.delta };
        break;
      case "text-end":
        turn.addProse("text", part.id, "", part.providerMetadata);
        break;
      case "reasoning-start":
        turn.startProse("reasoning", part.id, part.providerMetadata);
        break;
      case "reasoning-delta":
        turn.addProse("reasoning", part.id, part.delta, part.providerMetadata);
        if (part.delta !== "") yield { type: "reasoning.delta", text: part.delta };
        break;
      case "reasoning-end":
        turn.addProse("reasoning", part.id, "", part.providerMetadata);
        break;
      case "tool-input-start":
        turn.startCall(part.id, part.toolName, part.providerMetadata);
        break;
      case "tool-input-delta":
        if (part.delta !== "") yield callDelta(part.id, turn.addToCall(part.id), part.delta);
        break;
      case "tool-call": {
        if (part.providerExecuted === true) break;
        const silent = turn.endCall(part.toolCallId, {
          type: "tool_call",
          toolCallId: part.toolCallId,
          toolName: part.toolName,
          // Some models write nothing at all for a tool without arguments.
          argumentsText: part.input.trim() === "" ? "{}" : part.input,
          ...metadataField(part.providerMetadata),
        });
        if (silent) yield callDelta(part.toolCallId, part.toolName, part.input);
        break;
      }
      case "response-metadata":
        responseModel = part.modelId ?? responseModel;
        break;
      case "error":
        throw streamError(part.error);
      case "finish": {
        const { unified, raw } = part.finishReason;
        if (unified === "interrupted" || unified === "error") throw streamEnded(begun);
        const parts = turn.parts();
        yield {
          type: "completed",
          turn: {
            parts,
            usage: toUsage(part.usage) ?? (await estimate(parts)),
            finishReason: raw ?? unified,
            ...(responseModel === undefined ? {} : { responseModel }),
          },
        };
        return;
      }
      case "tool-input-end":
      case "tool-result":
      case "tool-approval-request":
      case "custom":
      case "file":
      case "reasoning-file":
      case "source":
      case "stream-start":
      case "ping":
      case "raw":
        break;
    }
  }
  throw streamEnded(begun);
}

function callDelta(toolCallId: string, toolName: string, text: string): ModelEvent {
  return { type: "tool_call.delta", toolCallId, toolName, text };
}

function metadataField(metadata: SharedV4ProviderMetadata | undefined): {
  providerMetadata?: NonNullable<ReturnType<typeof mergeMetadata>>;
} {
  const merged = mergeMetadata(undefined, metadata);
  return merged === undefined ? {} : { providerMetadata: merged };
}

function streamEnded(begun: boolean): Agent33Error {
  if (!begun) {
    return new Agent33Error(
      "models.no_stream",
      "The provider's answer holds nothing of its stream.",
      {
        hint: "Check that the base URL is that of the provider's API, not of a web page or a proxy.",
        retryable: true,
      },
    );
  }
  return new Agent33Error(
    "models.stream_ended",
    "The provider's answer broke off before it was complete.",
    { hint: "Try again; if it persists, look at the provider's own log.", retryable: true },
  );
}
