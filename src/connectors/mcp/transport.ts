import type { JSONRPCMessage, RequestId, Transport } from "@modelcontextprotocol/client";
import { Agent33Error } from "../../base/errors.ts";
import type { EgressFetch, ExitStatus } from "../../boundary/hands.ts";

/** What has come from a server beside its messages: for error texts, `doctor` and notices. */
export interface ServerOutput {
  /** The last 8 KiB of what it wrote to stderr. */
  readonly stderrTail: string;
  /** How many lines on stdout were not JSON-RPC. */
  readonly strayLineCount: number;
  /** The last 20 of them, clipped. */
  readonly strayLines: readonly string[];
  /** What is to be told of how it was started. */
  readonly notices: readonly string[];
  /** How it ended, if it has. */
  readonly exit?: ExitStatus;
}

/** Of a server that writes only messages. */
export const noOutput: ServerOutput = {
  stderrTail: "",
  strayLineCount: 0,
  strayLines: [],
  notices: [],
};

/** The library's transport, and what a session has to know of the way to its server. */
export interface ServerTransport extends Transport {
  output(): ServerOutput;
  /** Why it is closed, where it did not close because it was asked to. */
  failure(): Agent33Error | undefined;
  isOpen(): boolean;
  /**
   * Ends the server or the session with it. Never rejects: see {@link ServerTransport.failure}.
   * @param hurry once it aborts, a server that takes its time is killed
   */
  close(hurry?: AbortSignal): Promise<void>;
  /** Closes because of a fault; the first one is kept. */
  fail(error: Agent33Error): Promise<void>;
  /**
   * Sends what the work asks for through the fetch of the call that it is part of; undefined is the
   * call that holds the session.
   */
  inCall<T>(fetch: EgressFetch | undefined, work: () => Promise<T>): Promise<T>;
}

/** The call was never sent: there is no session to send it in. */
export function notOpen(why: string): Agent33Error {
  return new Agent33Error("mcp.not_open", `The session cannot be used: ${why}.`, {
    hint: "Open the server again.",
  });
}

/** A message over the limit: nobody wants to hold more than that in memory. */
export function messageTooLarge(limitBytes: number): Agent33Error {
  return new Agent33Error(
    "mcp.message_too_large",
    `The server sent a message of more than ${limitBytes / (1024 * 1024)} MiB.`,
    { hint: "Ask the tool for less at once." },
  );
}

/** What stands for an answer that was lost on its way: no server has a use for this code. */
export const answerLostCode = -32_099;

/** In the words of JSON-RPC, so that whoever waits for the answer to a request hears of it. */
export function answerLost(id: RequestId): JSONRPCMessage {
  const error = { code: answerLostCode, message: "The connection broke off before the answer." };
  return { jsonrpc: "2.0", id, error };
}

/** Waits for a promise, but no longer than `ms`. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
