import type { Message } from "../base/message.ts";
import { conversationOf } from "../context/conversation.ts";
import { nothingDecided } from "../context/decisions.ts";
import { renderMessages } from "../context/prompt.ts";
import type { StoredEvent } from "../events/event.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import type { Scope } from "./scope.ts";

const tokens = await loadTokenCounter();

/** What an agent is shown of its conversation where nothing had to be made smaller. */
export function messagesOf(
  events: readonly StoredEvent[],
  throughSeq: number,
  { agentPath }: Scope = {},
): readonly Message[] {
  const options = { tokens, offloadAbove: Number.POSITIVE_INFINITY, holds: new Set<string>() };
  return renderMessages(conversationOf(events, throughSeq, agentPath), nothingDecided, options);
}
