import type { CreateMessageResult, SamplingMessage } from "@modelcontextprotocol/client";
import type { Message } from "../../base/message.ts";
import { cutShort } from "../../models/finish-reason.ts";
import type { ModelRequest, ModelTurn } from "../../models/model.ts";
import { describeBlock } from "./content.ts";
import type { McpClientFeatures } from "./features.ts";

/** Lets a model of ours take one turn. */
export type TakeTurn = (request: ModelRequest, signal: AbortSignal) => Promise<ModelTurn>;

/**
 * Answers a server's request for a model's words. The model sees what the server wrote and nothing
 * of the run, and has no tools.
 * @param maxOutputTokens whatever the server asks for, never more than that
 */
export function sampleWith(
  takeTurn: TakeTurn,
  maxOutputTokens: number,
): NonNullable<McpClientFeatures["sample"]> {
  return async ({ messages, systemPrompt, maxTokens }, signal): Promise<CreateMessageResult> => {
    const request: ModelRequest = {
      system: systemPrompt ?? "",
      messages: messages.map(toMessage),
      tools: [],
      maxOutputTokens: Math.max(1, Math.min(maxTokens, maxOutputTokens)),
    };
    const turn = await takeTurn(request, signal);
    const text = turn.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    return {
      role: "assistant",
      model: turn.responseModel ?? "unknown",
      content: { type: "text", text },
      stopReason: cutShort(turn.finishReason) === "length" ? "maxTokens" : "endTurn",
    };
  };
}

function toMessage({ role, content }: SamplingMessage): Message {
  const blocks = Array.isArray(content) ? content : [content];
  const text = blocks
    .map((block) =>
      block.type === "text" || block.type === "image" || block.type === "audio"
        ? describeBlock(block)
        : `[${block.type}, not shown]`,
    )
    .join("\n");
  return role === "user"
    ? { role: "user", text }
    : { role: "assistant", parts: [{ type: "text", text }] };
}
