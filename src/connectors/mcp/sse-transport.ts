import { AsyncLocalStorage } from "node:async_hooks";
import {
  isJSONRPCRequest,
  type JSONRPCMessage,
  SdkErrorCode,
  SdkHttpError,
  SSEClientTransport,
} from "@modelcontextprotocol/client";
import { Agent33Error } from "../../base/errors.ts";
import type { EgressFetch } from "../../boundary/hands.ts";
import { readBody } from "../http/body.ts";
import { rateLimited, withHeaders } from "./http-requests.ts";
import { limitMessages } from "./limited-body.ts";
import { type HttpMcpServer, messageLimitBytes } from "./server.ts";
import {
  messageTooLarge,
  noOutput,
  notOpen,
  type ServerOutput,
  type ServerTransport,
} from "./transport.ts";

/**
 * Speaks MCP over HTTP with server-sent events (MCP specification of 2024-11-05, "HTTP with SSE"),
 * which newer servers have replaced by streamable HTTP. All that the server says comes on one stream,
 * which belongs to the call that holds the session; a request goes out through the fetch of the call
 * that makes it. The stream is the session: once it ends, so does that.
 * @param held the fetch of the call that holds the session
 */
export function createSseTransport(server: HttpMcpServer, held: EgressFetch): ServerTransport {
  return new SseServerTransport(server, held);
}

class SseServerTransport extends SSEClientTransport implements ServerTransport {
  readonly #held: EgressFetch;
  /** The fetch of the tool call that is being made. */
  readonly #call = new AsyncLocalStorage<EgressFetch>();
  /** The fetch that a message goes out through. */
  readonly #way: AsyncLocalStorage<EgressFetch>;
  readonly #ended = Promise.withResolvers<void>();
  /** Why the stream did not open: the library keeps only a message of it. */
  #opening: unknown;
  #failure: Agent33Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(server: HttpMcpServer, held: EgressFetch) {
    const way = new AsyncLocalStorage<EgressFetch>();
    super(new URL(server.url), {
      fetch: async (to, init) => {
        const through = way.getStore() ?? held;
        const answered = async (): Promise<Response> => {
          const response = await through(to, withHeaders(init, server.given?.() ?? server.headers));
          if (response.status === 429) throw await rateLimited(response);
          if (response.status >= 300) throw await refusal(response);
          return response;
        };
        if (init?.method === "POST") return await answered();
        try {
          const response = await answered();
          const limited = limitMessages(response, messageLimitBytes, () => {
            const error = messageTooLarge(messageLimitBytes);
            void this.fail(error);
            return error;
          });
          return untilItEnds(limited, () => void this.fail(streamEnded()));
        } catch (error) {
          this.#opening = error;
          throw error;
        }
      },
    });
    this.#held = held;
    this.#way = way;
  }

  override async start(): Promise<void> {
    try {
      await Promise.race([super.start(), this.#ended.promise]);
    } catch (error) {
      throw this.#opening ?? error;
    }
    if (this.#closing !== undefined) throw this.#failure ?? notOpen("it was closed");
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    const own = isJSONRPCRequest(message) ? this.#call.getStore() : undefined;
    await this.#way.run(own ?? this.#held, () => super.send(message));
  }

  inCall<T>(fetch: EgressFetch | undefined, work: () => Promise<T>): Promise<T> {
    return this.#call.run(fetch ?? this.#held, work);
  }

  output(): ServerOutput {
    return noOutput;
  }

  failure(): Agent33Error | undefined {
    return this.#failure;
  }

  isOpen(): boolean {
    return this.#closing === undefined;
  }

  fail(error: Agent33Error): Promise<void> {
    if (this.#closing === undefined) this.#failure ??= error;
    return this.close();
  }

  override close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    this.#ended.resolve();
    await super.close();
  }
}

/** How much of a refusal is read for its message, in bytes. */
const refusalBytes = 4 * 1024;

async function refusal(response: Response): Promise<SdkHttpError> {
  const { status, statusText } = response;
  const { bytes } = await readBody(response, refusalBytes);
  const text = Buffer.from(bytes).toString("utf8");
  return new SdkHttpError(SdkErrorCode.ClientHttpFailedToOpenStream, text, {
    status,
    statusText,
    text,
  });
}

function streamEnded(): Agent33Error {
  return new Agent33Error("mcp.session_lost", "The server has ended its stream of events.", {
    hint: "Ask again: the next call opens a new session.",
  });
}

/** The response, which tells when its body has come to an end or broken off. */
function untilItEnds(response: Response, ended: () => void): Response {
  const reader = response.body?.getReader();
  if (reader === undefined) return response;
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      ended();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
