import { unreachable } from "../base/errors.ts";
import type { AssistantPart } from "../base/message.ts";
import type { ModelEvent, ModelIo, ModelRequest, ModelTurn } from "./model.ts";

const piecesPerPart = 3;

/**
 * The index, from 0, of the turn that a request asks for: as many as the assistant has had. A model
 * that chooses by it needs no memory, so a resumed run goes on at the right turn.
 */
export function turnIndexOf({ asker, messages }: ModelRequest): number {
  return asker?.answered ?? messages.filter(({ role }) => role === "assistant").length;
}

/** A turn that is known beforehand, as a stream: each part in a few pieces, then the whole. */
export async function* playTurn(turn: ModelTurn, io: ModelIo): AsyncGenerator<ModelEvent> {
  for (const part of turn.parts) {
    for (const text of pieces(textOf(part))) {
      io.signal.throwIfAborted();
      yield toDelta(part, text);
    }
  }
  io.signal.throwIfAborted();
  yield { type: "completed", turn };
}

function textOf(part: AssistantPart): string {
  return part.type === "tool_call" ? part.argumentsText : part.text;
}

function toDelta(part: AssistantPart, text: string): ModelEvent {
  switch (part.type) {
    case "text":
      return { type: "text.delta", text };
    case "reasoning":
      return { type: "reasoning.delta", text };
    case "tool_call":
      return {
        type: "tool_call.delta",
        toolCallId: part.toolCallId,
        toolName: part.toolName,
        text,
      };
    default:
      return unreachable(part);
  }
}

/** Cuts between code points, never within one. */
function pieces(text: string): readonly string[] {
  const points = Array.from(text);
  const length = Math.max(1, Math.ceil(points.length / piecesPerPart));
  const cut: string[] = [];
  for (let start = 0; start < points.length; start += length) {
    cut.push(points.slice(start, start + length).join(""));
  }
  return cut;
}
